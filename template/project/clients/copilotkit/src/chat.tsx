// CopilotKit's chat over the agent's AG-UI stream.

import {
  CopilotChat,
  CopilotKitProvider,
  type HttpAgent,
  useDefaultRenderTool,
  useFrontendTool,
  useInterrupt,
} from "@copilotkit/react-core/v2";
import { z } from "zod";
import { Asked } from "./asked";
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
  useInterrupt({ render: Asked });
  useFrontendTool({
    name: "get_user_time_zone",
    description: "Get the time zone and the languages of the user's browser.",
    parameters: z.object({}),
    handler: async () => {
      const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
      return JSON.stringify({ timeZone, languages: navigator.languages });
    },
  });
  return (
    <main>
      <h1>{title}</h1>
      <CopilotChat labels={{ welcomeMessageText: "What can I do for you?", modalHeaderTitle: title }} />
      {failure && <p role="alert">{failure}</p>}
    </main>
  );
}
