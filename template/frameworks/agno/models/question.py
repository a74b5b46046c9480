def question(prompt: Prompt) -> Message:
    """The prompt as Agno has it."""
    images = [Image(content=file.data, mime_type=file.media_type) for file in prompt.attachments if file.is_image]
    files = [_document(file) for file in prompt.attachments if not file.is_image]
    return Message(role="user", content=prompt.text, images=images or None, files=files or None)


def _document(file: Attachment) -> File:
    return File(content=file.data, mime_type=file.media_type, filename=f"document.{file.format}")
