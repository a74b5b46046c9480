// What the agent asks of the person: to approve a tool call, or to answer a question of a tool.

import { useState } from "react";

interface Interrupt {
  id: string;
  message?: string;
  responseSchema?: Record<string, unknown>;
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

function Card(props: { interrupt: Interrupt; answer: (payload: unknown) => void; cancel: () => void }) {
  const { interrupt, answer, cancel } = props;
  const [answered, setAnswered] = useState(false);
  const once = (act: () => void) => () => {
    setAnswered(true); // the others may still wait for theirs
    act();
  };
  const properties = (interrupt.responseSchema?.properties ?? {}) as Record<string, Schema>;
  return (
    <form className="asked" inert={answered} aria-label={interrupt.message} onSubmit={(event) => event.preventDefault()}>
      <h2>{interrupt.message}</h2>
      {"approved" in properties ? (
        <>
          <button type="button" onClick={once(() => answer({ approved: true }))}>
            Approve
          </button>
          <button type="button" onClick={once(() => answer({ approved: false }))}>
            Decline
          </button>
        </>
      ) : (
        <Question properties={properties} answer={(payload) => once(() => answer(payload))()} cancel={once(cancel)} />
      )}
    </form>
  );
}

interface Schema {
  type?: string;
  title?: string;
  enum?: unknown[];
}

function Question(props: { properties: Record<string, Schema>; answer: (payload: unknown) => void; cancel: () => void }) {
  const [values, setValues] = useState<Record<string, string>>({});
  const payload = () =>
    Object.fromEntries(Object.entries(values).map(([name, text]) => [name, read(props.properties[name], text)]));
  return (
    <>
      {Object.entries(props.properties).map(([name, schema]) => (
        <label key={name}>
          {schema.title ?? name}
          <input
            list={schema.enum && `choices-${name}`}
            placeholder={schema.type === "boolean" ? "true or false" : undefined}
            onChange={({ target }) => setValues({ ...values, [name]: target.value })}
          />
          {schema.enum && (
            <datalist id={`choices-${name}`}>
              {schema.enum.map((choice) => (
                <option key={String(choice)} value={String(choice)} />
              ))}
            </datalist>
          )}
        </label>
      ))}
      <button type="button" onClick={() => props.answer(payload())}>
        Answer
      </button>
      <button type="button" onClick={props.cancel}>
        Cancel
      </button>
    </>
  );
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
