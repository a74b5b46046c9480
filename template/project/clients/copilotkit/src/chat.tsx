// CopilotKit's chat over the agent's AG-UI stream.

import { CopilotChat, CopilotKitProvider, type HttpAgent, useDefaultRenderTool } from "@copilotkit/react-core/v2";
import { useFailure } from "./failure";
import { Tool } from "./tool";

export function Chat({ agent, title }: { agent: HttpAgent; title: string }) {
  return (
    <CopilotKitProvider agents__unsafe_dev_only={{ default: agent }} enableInspector={false}>
      <Conversation title={title} />
    </CopilotKitProvider>
  );
}

function Conversation({ title }: { title: string }) {
  const failure = useFailure();
  useDefaultRenderTool({ render: Tool });
  return (
    <main>
      <h1>{title}</h1>
      <CopilotChat labels={{ welcomeMessageText: "What can I do for you?", modalHeaderTitle: title }} />
      {failure && <p role="alert">{failure}</p>}
    </main>
  );
}
