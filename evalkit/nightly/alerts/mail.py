"""A message as a letter, by smtplib."""

from __future__ import annotations

import hashlib
import smtplib
import ssl
from collections.abc import Mapping
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate

from evalkit.nightly.alerts.messages import Message
from evalkit.nightly.alerts.send import TIMEOUT, Failed, value
from evalkit.nightly.alerts.settings import Mail
from evalkit.text import one_line, shown


def post(mail: Mail, message: Message, link: str, env: Mapping[str, str]) -> None:
    """Failed says why it was not taken. A letter that some of the addressees were refused is sent."""
    user, password = value(mail.user, env), value(mail.password, env)
    try:
        with _connected(mail) as server:
            if user:
                server.login(user, password)
            server.send_message(letter(mail, message, link), mail.sender, list(mail.to))
    except smtplib.SMTPRecipientsRefused as e:
        codes = [code for code, _ in e.recipients.values()]
        raise Failed(f"all addressees are refused ({_words(e)})", again=min(codes) < 500) from None
    except smtplib.SMTPResponseException as e:
        raise Failed(
            f"the server answers {e.smtp_code}: {_decoded(e.smtp_error)}", again=e.smtp_code < 500
        ) from None
    except smtplib.SMTPNotSupportedError as e:
        raise Failed(f"the server cannot do that: {e}", again=False) from None
    except ssl.SSLCertVerificationError as e:
        raise Failed(f"its certificate is not trusted: {e.verify_message}", again=False) from None
    except (OSError, smtplib.SMTPException) as e:
        raise Failed(f"it cannot be reached: {e or type(e).__name__}", again=True) from None
    except (ValueError, UnicodeError):
        raise Failed("user or password cannot be sent", again=False) from None


def letter(mail: Mail, message: Message, link: str) -> EmailMessage:
    """The same message has the same Message-ID: one that is sent twice is one."""
    made = EmailMessage(policy=SMTP)
    name, _, host = mail.sender.rpartition("@")
    digest = hashlib.sha256(f"{message.id} {mail.name}".encode(errors="replace")).hexdigest()[:32]
    made["Subject"] = one_line(shown(f"[evalkit {message.plan}] {message.title}"), 250)
    made["From"] = Address("evalkit", name, host)
    made["To"] = [Address("", *one.rsplit("@", 1)) for one in mail.to]
    made["Date"] = formatdate()
    made["Message-ID"] = f"<{digest}@{host}>"
    made["Auto-Submitted"] = "auto-generated"  # no holiday notices, please (RFC 3834)
    made.set_content(shown(message.text) + "\n" + (f"\n{link}\n" if link else ""), cte="quoted-printable")
    return made


def _connected(mail: Mail) -> smtplib.SMTP:
    if mail.security == "tls":
        return smtplib.SMTP_SSL(mail.host, mail.port, timeout=TIMEOUT, context=ssl.create_default_context())
    server = smtplib.SMTP(mail.host, mail.port, timeout=TIMEOUT)
    try:
        if mail.security == "starttls":
            server.starttls(context=ssl.create_default_context())
    except BaseException:
        server.close()
        raise
    return server


def _words(error: smtplib.SMTPRecipientsRefused) -> str:
    code, said = next(iter(error.recipients.values()))
    return f"{code} {_decoded(said)}"


def _decoded(said: bytes | str) -> str:
    return said.decode(errors="replace") if isinstance(said, bytes) else said
