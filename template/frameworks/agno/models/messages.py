def question_message(step: Question) -> Message:
    """The question as Agno has it."""
    images = [Image(content=file.data, mime_type=file.media_type) for file in step.attachments if file.is_image]
    files = [_document(file) for file in step.attachments if not file.is_image]
    return Message(role="user", content=step.text, images=images or None, files=files or None)


def _document(file: Attachment) -> File:
    return File(content=file.data, mime_type=file.media_type, filename=f"{file.name}.{file.format}")


def _call(call: Call) -> dict[str, Any]:
    function = {"name": call.name, "arguments": json.dumps(call.arguments)}
    return {"id": call.id, "type": "function", "function": function}
