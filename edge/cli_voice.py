"""`motcua hear` and `motcua say`: the guide's ears and mouth in a technician's hand."""

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from config.load import ConfigError
from edge.adapters.config_files import INTENTS, intent_mistakes
from edge.adapters.voice_spec import DETECTOR, WHISPER_FILES, VoiceSpec
from edge.cli_common import BAD_USAGE, REFUSED, JsonOption, fail, fail_configured, print_line, refusing, text_of
from edge.cli_files import files_of, row_of
from edge.cli_models import located

if TYPE_CHECKING:
    from models.hearing import Hearer, Hearing
    from models.intent import Choice, PhraseBook

EngineOption = Annotated[str, typer.Option(help="whisper, or vosk with --model")]
ModelOption = Annotated[Path | None, typer.Option("--model", help="directory of a model other than the pulled one")]
ThreadsOption = Annotated[int, typer.Option(min=1, max=16, help="processor threads of the recogniser")]


def hear(
    paths: Annotated[
        list[Path],
        typer.Argument(readable=False, help="recordings: WAV; MP3, FLAC and OGG where soundfile is installed"),
    ],
    engine: EngineOption = "whisper",
    model: ModelOption = None,
    intents: Annotated[Path, typer.Option(help="sentence templates")] = INTENTS,
    among: Annotated[
        Path | None, typer.Option(help="choose among the lines of this file instead of the intents")
    ] = None,
    expects: Annotated[
        str, typer.Option(help="anything, yes_no or code: what the last question asked for")
    ] = "anything",
    code: Annotated[list[str] | None, typer.Option(help="a dossier code that exists; may be repeated")] = None,
    threads: ThreadsOption = 2,
    as_json: JsonOption = False,
) -> None:
    """What is asked for in recordings: one line a file."""
    failed = 0
    with refusing(as_json=as_json):
        book = _book(intents, among, as_json=as_json)
        hearer = opened(book, engine, model, threads, as_json=as_json)
        for path in files_of(paths):
            result = row_of(path, lambda one: _heard(hearer, one, expects, tuple(code or ())))
            failed += "error" in result
            if as_json:
                print_line(result)
            else:
                _show(result)
    raise typer.Exit(REFUSED if failed else 0)


def say(
    text: Annotated[str, typer.Argument(help="a sentence")],
    out: Annotated[Path | None, typer.Option("--out", help="write a WAV file instead of speaking")] = None,
    device: Annotated[str, typer.Option(help="loudspeaker, as `aplay -L` lists it")] = "default",
    language: Annotated[str, typer.Option(help="vi, vi-vn-x-central, vi-vn-x-south, en ...")] = "vi",
    speed: Annotated[int, typer.Option(min=80, max=300, help="words a minute")] = 140,
    as_json: JsonOption = False,
) -> None:
    """Say a sentence, or write it down as sound."""
    from devices.audio.sink import Loudspeaker
    from models.tts import Voice, as_said, render

    with refusing(as_json=as_json):
        wav = asyncio.run(render(text, Voice(language=language, words_per_minute=speed)))
        if out is not None:
            out.write_bytes(wav)
        else:
            asyncio.run(Loudspeaker(device).play(wav))
    seconds = round((len(wav) - 44) / 2 / int.from_bytes(wav[24:28], "little"), 2)
    result = {"text": text, "said": as_said(text), "path": str(out) if out else None, "seconds": seconds}
    if as_json:
        print_line(result)
    elif out is not None:
        sys.stdout.write(f"{out}: {seconds} s\n")


def opened(book: "PhraseBook", engine: str, model: Path | None, threads: int, *, as_json: bool) -> "Hearer":
    """The engine with its files; says how to get what is missing."""
    from models.hearing import Hearer
    from models.speech import Engine, open_recogniser

    if engine not in set(Engine) or (engine == Engine.VOSK and model is None):
        fail(f"name one of: {', '.join(Engine)}; vosk needs --model DIRECTORY", as_json=as_json, code=BAD_USAGE)
    if model is None:
        model = whisper_directory(as_json=as_json)
    detector = located(DETECTOR, as_json=as_json)
    return Hearer(open_recogniser(Engine(engine), model, threads=threads), detector, book)


def worker_spec(*, as_json: bool, source: str = "alsa:default") -> VoiceSpec:
    """A worker on the pulled files, with the procedures that the templates name."""
    from models.intent import load_phrases

    meanings = load_phrases(INTENTS).meanings
    procedures = {meaning.procedure for meaning in meanings if meaning.procedure}
    places = {meaning.place for meaning in meanings if meaning.place}
    return VoiceSpec(
        place="guide",
        source=source,
        recogniser=str(whisper_directory(as_json=as_json)),
        detector=str(located(DETECTOR, as_json=as_json)),
        intents=str(INTENTS),
        procedures={key: key for key in sorted(procedures)},
        places={key: key for key in sorted(places)},
    )


def whisper_directory(*, as_json: bool) -> Path:
    """Where the pulled model lies; every file of it is there."""
    (directory,) = {located(name, as_json=as_json).parent for name in WHISPER_FILES}
    return directory


def _book(intents: Path, among: Path | None, *, as_json: bool) -> "PhraseBook":
    from models.intent import load_phrases, phrases_of

    if among is None:
        if mistakes := intent_mistakes(intents):
            fail_configured(ConfigError(intents, mistakes), as_json=as_json)
        return load_phrases(intents)
    return phrases_of(line.strip() for line in text_of(among, as_json=as_json).splitlines())


def _heard(hearer: "Hearer", path: Path, expects: str, codes: tuple[str, ...]) -> dict[str, Any]:
    from devices.audio.sound import SoundUnreadable
    from edge.adapters.clips import read_clip

    try:
        samples = read_clip(path)
    except SoundUnreadable as error:
        return {"path": str(path), "error": str(error)}
    return {
        "path": str(path),
        **as_json_row(
            hearer.book.with_codes(codes) if codes else hearer.book, hearer.hear(samples, expects=expects, codes=codes)
        ),
    }


def as_json_row(book: "PhraseBook", hearing: "Hearing") -> dict[str, Any]:
    """What DESIGN promises of `hear`: text, intent, slots, confidence, ms; and what the guide would ask back with."""
    from models.unheard import why_unheard

    best, choices = hearing.understood.best, hearing.understood.choices
    is_unheard = hearing.speech is not None and not choices
    meaning = best.meaning if best else None
    text = book.sentences[best.sentence] if best else next(iter(hearing.heard.hypotheses), "")
    return {
        "text": text,
        "intent": meaning.intent.value if meaning and meaning.intent else None,
        "slots": meaning.slots if meaning else {},
        "confidence": round(choices[0].confidence, 3) if choices else 0.0,
        "ms": round(hearing.detect_ms + hearing.decide_ms),
        "is_speech": hearing.speech is not None,
        "choices": [_choice(book, choice) for choice in choices] if best is None else [],
        "codes": list(hearing.codes),
        "unheard": why_unheard(hearing.heard.clues).value if is_unheard else None,
    }


def _choice(book: "PhraseBook", choice: "Choice") -> dict[str, Any]:
    meaning = choice.meaning
    intent = meaning.intent.value if meaning.intent else None
    row = {"intent": intent, "slots": meaning.slots, "text": book.sentences[choice.sentence]}
    return row | {"confidence": round(choice.confidence, 3)}


def _show(result: dict[str, Any]) -> None:
    if "error" in result:
        typer.secho(f"{result['path']}: {result['error']}", fg="red", err=True)
        return
    unheard = f"not understood ({result['unheard']})" if result["unheard"] else "not understood"
    asked = result["intent"] or (unheard if result["is_speech"] else "nobody spoke")
    slots = "".join(f" {name}={value}" for name, value in result["slots"].items())
    offered = "; ".join(choice["text"] for choice in result["choices"])
    text = f" “{result['text']}”" if result["intent"] else f" (did you mean: {offered})" if offered else ""
    sys.stdout.write(f"{result['path']}: {asked}{slots}{text} {result['confidence']:.2f}, {result['ms']} ms\n")
