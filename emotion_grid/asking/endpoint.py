"""An endpoint that answers as the OpenAI API does: one request and its raw reply, or what went wrong and what to do about it."""

import email.utils
import os
import time
from typing import Any

from emotion_grid.asking.reply import parse_reply
from emotion_grid.base.messages import InputError
from emotion_grid.data.problems import visible

NO_KEY = "none"
"""Sent where no key is asked for; the client library does not go without one."""

AGAIN = (408, 409, 429)
"""Statuses below 500 after which the same request may be answered later."""

NO_CREDIT = "insufficient_quota"
"""The code of a 429 that no waiting mends."""


class Fault(Exception):
    """No reply this time; the same request may be answered later.

    Attributes:
        why: in words.
        is_paid: whether the endpoint may have counted the request all the same.
        after: the seconds after which it wants to be asked again; None if it does not say.
    """

    def __init__(self, why: str, is_paid: bool, after: float | None = None):
        super().__init__(why)
        self.why, self.is_paid, self.after = why, is_paid, after


class Endpoint:
    """An endpoint.

    Args:
        address: its base address, such as http://127.0.0.1:8000/v1.
        key_from: the environment variable that holds its key; None if it needs none.
        timeout: seconds without a sign of life after which a request is given up.

    Raises:
        InputError: the variable is not set.
    """

    def __init__(self, address: str, key_from: str | None, timeout: float):
        import openai

        self.address, self._key = address, _key(key_from)
        self._client = openai.OpenAI(base_url=address, api_key=self._key or NO_KEY, timeout=timeout, max_retries=0)

    def ask(self, request: dict[str, Any]) -> str:
        """The reply to a request, as it came; it is a chat completion.

        Raises:
            Fault: none this time.
            InputError: the endpoint refuses such requests: another key, model or parameter is needed.
        """
        import openai

        others = {name: value for name, value in request.items() if name not in ("model", "messages")}
        try:
            came = self._client.chat.completions.with_raw_response.create(
                model=request["model"], messages=request["messages"], extra_body=others
            )
        except openai.APIStatusError as error:
            raise self._refused(error) from None
        except openai.APIConnectionError as error:
            raise self._broken(error) from None
        reply = self._hidden(came.text)
        if parse_reply(reply) is None:
            raise Fault(f"expected a chat completion, found {visible(reply, 200) or 'nothing'}", is_paid=True)
        return reply

    def _refused(self, error: Any) -> Exception:
        """What a status other than success means."""
        why = f"status {error.status_code}: {visible(self._hidden(_message(error)), 300)}"
        if (error.status_code in AGAIN or error.status_code >= 500) and error.code != NO_CREDIT:
            return Fault(why, is_paid=False, after=_seconds(error.response.headers.get("retry-after")))
        return InputError(f"{self.address}: expected an answer, found {why}")

    def _broken(self, error: Any) -> Fault:
        """What a connection that could not be made, was closed or said nothing for too long means."""
        cause = error.__cause__
        name = type(cause or error).__name__
        never_sent = name in ("ConnectError", "ConnectTimeout", "PoolTimeout")
        return Fault(f"{name}: {self._hidden(str(cause or error)) or error}", is_paid=not never_sent)

    def _hidden(self, text: str) -> str:
        """A text without the key."""
        return text.replace(self._key, "(key)") if self._key else text


def _key(variable: str | None) -> str:
    if variable is None:
        return ""
    if not (key := os.environ.get(variable, "").strip()):
        raise InputError(f"{variable}: expected the endpoint's key in this environment variable, found nothing; set it")
    return key


def _message(error: Any) -> str:
    """What an endpoint says of an error."""
    body = error.body
    said = body.get("message") if isinstance(body, dict) else body
    return str(said or error.response.text)


def _seconds(retry_after: str | None) -> float | None:
    """The seconds of a header `Retry-After`: a number, or a date."""
    if retry_after is None:
        return None
    try:
        return max(float(retry_after), 0.0)
    except ValueError:
        date = email.utils.parsedate_tz(retry_after)
        return max(email.utils.mktime_tz(date) - time.time(), 0.0) if date else None
