import { HttpAgent } from "@copilotkit/react-core/v2";
import "@copilotkit/react-core/v2/styles.css";
import { createRoot } from "react-dom/client";
import { Chat } from "./chat";
import "./style.css";

const agent = new HttpAgent({ url: "/invocations" });

createRoot(document.getElementById("root")!).render(<Chat agent={agent} title={document.title} />);
