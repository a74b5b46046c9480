// CopilotKit's chat over the agent's AG-UI stream.

import { CopilotChat, CopilotKitProvider, HttpAgent, useDefaultRenderTool } from "@copilotkit/react-core/v2";
import "@copilotkit/react-core/v2/styles.css";
import { createRoot } from "react-dom/client";
import "./style.css";

const agent = new HttpAgent({ url: "/invocations" });

function Chat() {
  useDefaultRenderTool();
  return <CopilotChat />;
}

createRoot(document.getElementById("root")!).render(
  <CopilotKitProvider agents__unsafe_dev_only={{ default: agent }} enableInspector={false}>
    <Chat />
  </CopilotKitProvider>,
);
