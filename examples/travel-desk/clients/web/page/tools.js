// Tools that this page brings: the agent's model may call them, and they run here. Add your own to `TOOLS`.

const TOOLS = {
  get_user_time_zone: {
    description: "Get the time zone and the languages of the user's browser.",
    parameters: { type: "object", properties: {} },
    run() {
      const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
      return JSON.stringify({ timeZone, languages: navigator.languages });
    },
  },
};

/** What the agent is told of them. */
export const DECLARED = Object.entries(TOOLS).map(([name, { description, parameters }]) => {
  return { name, description, parameters };
});

/** Whether a call is of one of them. */
export const isOurs = ({ name }) => Object.hasOwn(TOOLS, name);

/** What a call returns: text; that of one that fails begins with "Error:". */
export async function run({ name, arguments: json }) {
  try {
    return String(await TOOLS[name].run(JSON.parse(json || "{}")));
  } catch (error) {
    return `Error: ${error.message}`;
  }
}
