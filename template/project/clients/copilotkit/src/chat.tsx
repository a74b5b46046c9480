// CopilotKit's chat over the agent's AG-UI stream.

import { CopilotChat, CopilotKitProvider, type HttpAgent, useDefaultRenderTool } from "@copilotkit/react-core/v2";

export function Chat({ agent }: { agent: HttpAgent }) {
  return (
    <CopilotKitProvider agents__unsafe_dev_only={{ default: agent }} enableInspector={false}>
      <Conversation />
    </CopilotKitProvider>
  );
}

function Conversation() {
  useDefaultRenderTool();
  return <CopilotChat />;
}
