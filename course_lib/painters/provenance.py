"""Where a picture says it comes from: notes in a PNG, and a signature (C2PA).

A note is plain text that anybody can write. A signature is a note that nobody can
change unnoticed: it is signed with a secret key, over a checksum of the file. Neither
can say that a picture is true, and saving the picture again removes both.

The signature needs the libraries c2pa-python and cryptography, which are optional.
"""

import io
import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path

from PIL import Image, PngImagePlugin

from course_lib.cards import from_json
from course_lib.checkpoint import check_writable, replace_file

MADE_BY = "Pixels to Prompts"
# The International Press Telecommunications Council's word for "a model drew this",
# which C2PA uses.
BY_A_MODEL = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
STATES = ("trusted", "signed", "tampered", "unreadable", "nothing")
KEY, CHAIN, ROOT = "key.pem", "chain.pem", "root.pem"
YEARS = 10  # that a key of ours is valid
WANTED = "pip install -c constraints.txt -e '.[sign]'"


class ProvenanceError(ValueError):
    """A picture cannot be signed, or a signature not be read; the message says why."""


def can_sign() -> bool:
    """Whether the two optional libraries are installed."""
    return bool(find_spec("c2pa") and find_spec("cryptography"))


def need_libraries() -> None:
    """Raise ProvenanceError if there is nothing to sign with."""
    if not can_sign():
        raise ProvenanceError(
            "Signatures need two more libraries, c2pa-python and cryptography: "
            f"{WANTED}"
        )


# Notes ------------------------------------------------------------------------------


def notes_for(facts: dict) -> PngImagePlugin.PngInfo:
    """The text that a PNG of ours carries: who made it, and how, as JSON.

    Args:
        facts: prompt, seed, weights, ...
    """
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Software", MADE_BY)
    # iTXt, since a prompt may hold any letter; plain tEXt knows 256 of them.
    notes.add_itxt("Description", json.dumps(facts, ensure_ascii=False))
    return notes


def notes_in(file: Path) -> dict | None:
    """The facts that `notes_for` wrote into a PNG; None if there are none."""
    with Image.open(file) as image:
        if image.info.get("Software") != MADE_BY:
            return None
        try:
            facts = from_json(image.info.get("Description", ""))
        except ValueError:
            return None
    return facts if is_note(facts) else None


def is_note(facts) -> bool:
    """Whether these facts are of one picture or of several, as `generate` writes them.

    Anybody may write anything into a file, such as numbers that are none in JSON.
    """
    if not isinstance(facts, dict):
        return False
    several = facts.get("pictures") if set(facts) == {"pictures"} else [facts]
    return isinstance(several, list) and all(map(is_of_one_picture, several))


def is_of_one_picture(facts) -> bool:
    """Whether these are plain facts, and the prompt and the seed are among them."""
    return (
        isinstance(facts, dict)
        and {"prompt", "seed"} <= set(facts)
        and all(isinstance(fact, str | int) for fact in facts.values())
    )


# Keys -------------------------------------------------------------------------------


def has_key(folder: Path) -> bool:
    """Whether there is a key in this folder; if not, there is room for one.

    Raises:
        ProvenanceError: a library is missing, or there are certificates and no key:
            they may be those of a friend, and a new key would replace them
    """
    need_libraries()
    there = [name for name in (KEY, CHAIN, ROOT) if os.path.lexists(folder / name)]
    if there and KEY not in there:
        raise ProvenanceError(
            f"{folder} holds a {there[0]} and no {KEY}: name another folder for your "
            "own keys; nothing was overwritten."
        )
    return bool(there)


def check_keys(folder: Path) -> None:
    """Raise ValueError unless one can sign with this folder; nothing is written."""
    if not has_key(folder):
        return check_writable(folder)
    trial = io.BytesIO()
    Image.new("RGB", (8, 8)).save(trial, "PNG")
    signed(trial.getvalue(), folder, {})


def make_keys(folder: Path, name: str = "a learner") -> None:
    """A root of trust and a key that it vouches for, unless the folder has them.

    root.pem says who vouches: others need it, to trust. chain.pem goes into every
    signed picture. key.pem is the secret.

    Args:
        name: whom the signature will name

    Raises:
        ProvenanceError: as `has_key`
    """
    if has_key(folder):
        return
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
    )

    root_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root = certificate(f"Root of {name}", root_key, None, root_key)
    leaf = certificate(name, key, root, root_key)
    pem = {"root": root, "leaf": leaf}
    pem = {who: one.public_bytes(Encoding.PEM) for who, one in pem.items()}
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    write_bytes(folder / ROOT, pem["root"])
    # The certificate first and then who vouches for it, up to the root.
    write_bytes(folder / CHAIN, pem["leaf"] + pem["root"])
    write_bytes(folder / KEY, secret)  # last: a folder with a key is complete
    (folder / KEY).chmod(0o600)


def write_bytes(file: Path, content: bytes) -> None:
    replace_file(file, lambda temporary: temporary.write_bytes(content))


def certificate(name: str, key, issuer, signing_key):
    """A certificate for a key: of a root if there is no issuer, else of a leaf."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    parts = [(NameOID.ORGANIZATION_NAME, name), (NameOID.COMMON_NAME, name)]
    subject = x509.Name([x509.NameAttribute(*part) for part in parts])
    is_root = issuer is None
    public, authority = key.public_key(), signing_key.public_key()
    today = datetime.now(UTC)
    uses = dict.fromkeys(
        ("content_commitment", "key_encipherment", "data_encipherment"), False
    )
    uses |= dict.fromkeys(("key_agreement", "encipher_only", "decipher_only"), False)
    # A root signs certificates and nothing else, a leaf pictures and nothing else.
    uses |= dict(digital_signature=not is_root)
    uses |= dict(key_cert_sign=is_root, crl_sign=is_root)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if is_root else issuer.subject)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=365 * YEARS))
        .add_extension(x509.BasicConstraints(is_root, None), critical=True)
        .add_extension(x509.KeyUsage(**uses), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority), False
        )
    )
    if not is_root:
        # C2PA wants to be told what a key is for; without this one it calls the
        # certificate invalid.
        use = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION])
        made = made.add_extension(use, critical=False)
    return made.sign(signing_key, hashes.SHA256())


# Signatures -------------------------------------------------------------------------


@dataclass(frozen=True)
class Signature:
    """What a file's signature says, if it has one.

    Args:
        state: one of STATES: signed by somebody whom you trust; signed by somebody;
            changed after it was signed; damaged beyond reading; no signature
        by: whom the certificate names; who was not checked by anybody may say anything
        drawn_by_model: whether the signer says that a model drew it
        training: the signer's word on training, "allowed" or "notAllowed"; else None
        facts: what else the signer says of it
    """

    state: str
    by: str | None = None
    drawn_by_model: bool = False
    training: str | None = None
    facts: dict | None = None


def sign(file: Path, folder: Path, facts: dict, may_train: bool = True) -> None:
    """Sign a PNG in place, with the key in a folder (`make_keys`).

    The arguments, and what is raised, are those of `signed`.
    """
    write_bytes(file, signed(file.read_bytes(), folder, facts, may_train))


def signed(content: bytes, folder: Path, facts: dict, may_train: bool = True) -> bytes:
    """The bytes of a PNG, signed with the key in a folder (`make_keys`).

    Args:
        facts: what to say of it: prompt, seed, weights, ...
        may_train: whether others may train on it, as the signer wishes

    Raises:
        ProvenanceError: a library is missing, or the keys cannot be used
    """
    need_libraries()
    import c2pa

    try:
        chain, key = ((folder / name).read_bytes() for name in (CHAIN, KEY))
    except OSError as error:
        raise ProvenanceError(
            f"There is no key to sign with in {folder}: it takes a {KEY} and its "
            f"{CHAIN}. Name a new folder, and both are made there."
        ) from error
    # A thumbnail in the manifest would make a file of 12 kB fourteen times as large.
    quiet = {"builder": {"thumbnail": {"enabled": False}}}
    said, target = json.dumps(manifest(facts, may_train)), io.BytesIO()
    # No authority's time stamp: it would need a network. So nobody can say when this
    # was signed.
    info = c2pa.C2paSignerInfo(b"es256", chain, key, None)
    try:
        with (
            c2pa.Context.from_dict(quiet) as rules,
            c2pa.Signer.from_info(info) as signer,
            c2pa.Builder(said, rules) as builder,
        ):
            builder.sign(signer, "image/png", io.BytesIO(content), target)
    # The library's own words would not help: of an empty key it says "NUL byte".
    except c2pa.C2paError as error:
        raise ProvenanceError(
            f"Nothing can be signed with {folder}: its {KEY} is damaged, or its "
            f"{CHAIN} belongs to another key. Name a new folder, and both are made "
            "there."
        ) from error
    return target.getvalue()


def manifest(facts: dict, may_train: bool) -> dict:
    """What is signed: who made it, with what, from what words, and may it be used."""
    agent = {"name": MADE_BY, "version": "1"}
    made = {"action": "c2pa.created", "digitalSourceType": BY_A_MODEL}
    use = "allowed" if may_train else "notAllowed"
    uses = ("c2pa.ai_generative_training", "c2pa.ai_training", "c2pa.data_mining")
    return {
        "claim_generator_info": [agent],
        "format": "image/png",
        "title": "a generated picture",
        "assertions": [
            {"label": "c2pa.actions.v2", "data": {"actions": [made]}},
            {
                "label": "c2pa.training-mining",
                "data": {"entries": {name: {"use": use} for name in uses}},
            },
            {"label": "org.pixels-to-prompts.facts", "data": facts},
        ],
    }


def signature_of(file: Path, root: Path | None = None) -> Signature:
    """Read a file's signature.

    Args:
        root: whom you trust, a root.pem; None trusts nobody

    Raises:
        ProvenanceError: a library is missing, or `root` is no certificate
    """
    need_libraries()
    import c2pa
    from cryptography.x509 import load_pem_x509_certificates

    asked = {"verify": {"verify_trust": True, "ocsp_fetch": False}}
    # No network, ever: a manifest may name one elsewhere.
    asked["verify"]["remote_manifest_fetch"] = False
    if root is not None:
        try:
            anchors = root.read_text("ascii")
            load_pem_x509_certificates(anchors.encode())
        except (OSError, ValueError) as error:
            raise ProvenanceError(
                f"{root} is no root of trust: name the {ROOT} of whom you trust."
            ) from error
        asked["trust"] = {"trust_anchors": anchors}
    try:
        with c2pa.Context.from_dict(asked) as rules, open(file, "rb") as stream:
            reader = c2pa.Reader.try_create(None, stream, None, rules)
            if reader is None:
                return Signature("nothing")
            with reader:
                state = reader.get_validation_state()
                return read_from(from_json(reader.json()), state)
    except c2pa.C2paError.NotSupported:  # no file of this kind can be signed
        return Signature("nothing")
    # What was found in a file is a finding, and no reason to say nothing at all.
    except (c2pa.C2paError, ValueError, LookupError, TypeError, AttributeError):
        return Signature("unreadable")


def read_from(said: dict, state: str) -> Signature:
    """The signature that C2PA's library reports; raises anything for an odd report."""
    active = said["manifests"][said["active_manifest"]]
    told = {one["label"]: one["data"] for one in active.get("assertions", [])}
    states = {"Trusted": "trusted", "Valid": "signed"}
    entries = told.get("c2pa.training-mining", {}).get("entries", {})
    return Signature(
        states.get(state, "tampered"),
        active.get("signature_info", {}).get("issuer"),
        says_model(told),
        entries.get("c2pa.ai_generative_training", {}).get("use"),
        told.get("org.pixels-to-prompts.facts"),
    )


def says_model(told: dict) -> bool:
    """Whether an action of the signed history says that a model drew it."""
    histories = (data for label, data in told.items() if "c2pa.actions" in label)
    kinds = (a.get("digitalSourceType") for h in histories for a in h["actions"])
    return BY_A_MODEL in kinds
