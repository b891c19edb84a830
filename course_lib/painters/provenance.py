"""Where a picture says it comes from: notes in a PNG, and a signature (C2PA).

A note is plain text that anybody can write. A signature is a note that nobody can
change unnoticed: it is signed with a secret key, over a checksum of the file. Neither
can say that a picture is true, and saving the picture again removes both.

The signature needs the libraries c2pa-python and cryptography, which are optional.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path

from PIL import Image, PngImagePlugin

from course_lib.checkpoint import replace_file

MADE_BY = "Pixels to Prompts"
# The International Press Telecommunications Council's word for "a model drew this",
# which C2PA uses.
BY_A_MODEL = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
STATES = ("trusted", "signed", "tampered", "nothing")
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
            facts = json.loads(image.info.get("Description", ""))
        except ValueError:
            return None
    return facts if isinstance(facts, dict) else None


# Keys -------------------------------------------------------------------------------


def make_keys(folder: Path, name: str = "a learner") -> None:
    """A root of trust and a key that it vouches for, unless the folder has them.

    root.pem says who vouches: others need it, to trust. chain.pem goes into every
    signed picture. key.pem is the secret.

    Args:
        name: whom the signature will name
    """
    need_libraries()
    if (folder / "key.pem").is_file():
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
    write_bytes(folder / "root.pem", pem["root"])
    # The certificate first and then who vouches for it, up to the root.
    write_bytes(folder / "chain.pem", pem["leaf"] + pem["root"])
    write_bytes(folder / "key.pem", secret)  # last: a folder with a key is complete
    (folder / "key.pem").chmod(0o600)


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
            changed after it was signed; no signature
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

    Args:
        facts: what to say of it: prompt, seed, weights, ...
        may_train: whether others may train on it, as the signer wishes

    Raises:
        ProvenanceError: a library is missing, or the keys cannot be used
    """
    need_libraries()
    import c2pa

    try:
        names = ("chain.pem", "key.pem")
        chain, key = ((folder / name).read_bytes() for name in names)
    except OSError as error:
        raise ProvenanceError(
            f"There is no key to sign with in {folder}: name a new folder, and one is "
            "made there."
        ) from error
    # A thumbnail in the manifest would make a file of 12 kB fourteen times as large.
    quiet = {"builder": {"thumbnail": {"enabled": False}}}
    said = json.dumps(manifest(facts, may_train))

    def write(temporary: Path) -> None:
        # No authority's time stamp: it would need a network. So nobody can say when
        # this was signed.
        info = c2pa.C2paSignerInfo(b"es256", chain, key, None)
        with (
            c2pa.Context.from_dict(quiet) as rules,
            c2pa.Signer.from_info(info) as signer,
            c2pa.Builder(said, rules) as builder,
            open(file, "rb") as source,
            open(temporary, "w+b") as signed,
        ):
            builder.sign(signer, "image/png", source, signed)

    try:
        replace_file(file, write)
    except c2pa.C2paError as error:
        raise ProvenanceError(f"{file} could not be signed: {error}.") from error


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
        ProvenanceError: a library is missing, or `root` cannot be used
    """
    need_libraries()
    import c2pa

    asked = {"verify": {"verify_trust": True, "ocsp_fetch": False}}
    # No network, ever: a manifest may name one elsewhere.
    asked["verify"]["remote_manifest_fetch"] = False
    if root is not None:
        try:
            asked["trust"] = {"trust_anchors": root.read_text("ascii")}
        except (OSError, UnicodeDecodeError) as error:
            raise ProvenanceError(f"{root} is no root of trust.") from error
    try:
        with c2pa.Context.from_dict(asked) as rules, open(file, "rb") as stream:
            reader = c2pa.Reader.try_create(None, stream, None, rules)
            if reader is None:
                return Signature("nothing")
            with reader:
                state, said = reader.get_validation_state(), json.loads(reader.json())
    except c2pa.C2paError as error:
        raise ProvenanceError(f"{file}'s signature is unreadable: {error}.") from error
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
