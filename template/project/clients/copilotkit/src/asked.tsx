// What the agent asks of the person: to approve a tool call, whose arguments can be edited, or to answer a question.

import { useAgent } from "@copilotkit/react-core/v2";
import { useState } from "react";
import { asked } from "./page";

interface Interrupt {
  id: string;
  message?: string;
  metadata?: Record<string, unknown>;
  toolCallId?: string;
  responseSchema?: Schema;
}

interface Props {
  interrupts: Interrupt[];
  resolve: (payload?: unknown, interruptId?: string) => Promise<unknown>;
  cancel: (interruptId?: string) => Promise<unknown>;
}

export function Asked({ interrupts, resolve, cancel }: Props) {
  return (
    <>
      {interrupts.map((interrupt) => (
        <Card
          key={interrupt.id}
          interrupt={interrupt}
          answer={(payload) => void resolve(payload, interrupt.id)}
          cancel={() => void cancel(interrupt.id)}
        />
      ))}
    </>
  );
}

interface Answering {
  interrupt: Interrupt;
  answer: (payload: unknown) => void;
  cancel: () => void;
}

function Card({ interrupt, answer, cancel }: Answering) {
  const [answered, setAnswered] = useState(false);
  const once = <A extends unknown[]>(act: (...given: A) => void) => {
    return (...given: A) => {
      setAnswered(true); // the others may still wait for theirs
      act(...given);
    };
  };
  const Form = "approved" in propertiesOf(interrupt.responseSchema) ? Approval : Question;
  const [message, page] = asked(interrupt);
  return (
    <form className="asked" inert={answered} aria-label={message} onSubmit={(event) => event.preventDefault()}>
      <h2>{message}</h2>
      {page && (
        <a href={page} target="_blank" rel="noopener noreferrer">
          {page}
        </a>
      )}
      <Form interrupt={interrupt} answer={once(answer)} cancel={once(cancel)} />
    </form>
  );
}

function Approval({ interrupt, answer }: Answering) {
  const [values, setValues] = useState<Values>({});
  const given = useArguments(interrupt.toolCallId);
  const properties = propertiesOf(propertiesOf(interrupt.responseSchema).editedArgs);
  const approve = () => {
    const editedArgs = { ...given, ...payload(properties, values) };
    const changed = JSON.stringify(editedArgs) !== JSON.stringify(given);
    answer({ approved: true, ...(changed && { editedArgs }) });
  };
  return (
    <>
      <Fields properties={properties} given={given} values={values} change={setValues} />
      <button type="button" onClick={approve}>
        Approve
      </button>
      <button type="button" onClick={() => answer({ approved: false })}>
        Decline
      </button>
    </>
  );
}

function Question({ interrupt, answer, cancel }: Answering) {
  const [values, setValues] = useState<Values>({});
  const properties = propertiesOf(interrupt.responseSchema);
  return (
    <>
      <Fields properties={properties} given={{}} values={values} change={setValues} />
      <button type="button" onClick={() => answer(payload(properties, values))}>
        Answer
      </button>
      <button type="button" onClick={cancel}>
        Cancel
      </button>
    </>
  );
}

interface Schema {
  type?: string;
  title?: string;
  enum?: unknown[];
  properties?: Record<string, Schema>;
}

type Values = Record<string, string>;

function Fields(props: {
  properties: Record<string, Schema>;
  given: Record<string, unknown>;
  values: Values;
  change: (values: Values) => void;
}) {
  return Object.entries(props.properties).map(([name, schema]) => (
    <label key={name}>
      {schema.title ?? name}
      <input
        list={schema.enum && `choices-${name}`}
        placeholder={schema.type === "boolean" ? "true or false" : undefined}
        value={props.values[name] ?? written(props.given[name])}
        onChange={({ target }) => props.change({ ...props.values, [name]: target.value })}
      />
      {schema.enum && (
        <datalist id={`choices-${name}`}>
          {schema.enum.map((choice) => (
            <option key={String(choice)} value={String(choice)} />
          ))}
        </datalist>
      )}
    </label>
  ));
}

function propertiesOf(schema?: Schema): Record<string, Schema> {
  return schema?.properties ?? {};
}

/** The arguments with which the model made the call. */
function useArguments(toolCallId?: string): Record<string, unknown> {
  const { agent } = useAgent();
  const calls = agent.messages.flatMap((message) => (message.role === "assistant" && message.toolCalls) || []);
  const call = calls.find(({ id }) => id === toolCallId);
  return call ? JSON.parse(call.function.arguments) : {};
}

function payload(properties: Record<string, Schema>, values: Values): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).map(([name, text]) => [name, read(properties[name], text)]));
}

function written(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
}

/** What was typed, as the type that the schema asks for; the agent tells what does not fit. */
function read(schema: Schema, text: string): unknown {
  if (schema.enum) return schema.enum.find((choice) => String(choice) === text) ?? text;
  if (schema.type === "string") return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
