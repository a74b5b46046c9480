"""The script's reply where an answer has a form: it says its text, and gives an answer made of the form's schema."""

from . import script
from .conversation import Call, Conversation, Reply, Text, words
from .sample import NoSample, sample

NAME = "give_answer"
UNABLE = "The local stand-in for a model cannot make an answer of this form; a model can. What is missing:"


def reply(conversation: Conversation) -> Reply:
    """As the script's, and the answer with it once no other tool is needed."""
    said = script.reply(conversation)
    if said.calls or said.stop or NAME not in conversation.tools:
        return said
    used = sum(len(message.calls) for message in conversation.messages)
    try:
        value = sample(conversation.tools[NAME], said.text)
    except NoSample as problem:
        return Reply((Text(words(f"{UNABLE} {problem}.")),))
    return Reply((*said.blocks, Call(f"answer-{used + 1}", NAME, value)))
