import "@copilotkit/react-core/v2/styles.css";
import { createRoot } from "react-dom/client";
import { agentAt } from "./agent";
import { Chat } from "./chat";
import "./style.css";

createRoot(document.getElementById("root")!).render(<Chat agent={agentAt("/invocations")} title={document.title} />);
