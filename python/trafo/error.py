"""What every failing call of the package raises."""


class Error(RuntimeError):
    """A failure with its stable code (`TRAFO-GGUF-0007`) and its status, which is the exit code Trafo's programs give."""

    def __init__(self, message, code="", status=70):
        super().__init__(f"{message} [{code}]" if code and code not in message else message)
        self.code = code
        self.status = status
