"""The words Zoetrope knows, and the tokenizer that maps a prompt to them.

The same data is written to `tokenizer.json`, which the runtimes read; this module is its only source.
Token ids: 0 padding, 1 beginning of sequence, 2 unknown (never fed to the net), 3 and up the words.
"""

import re

MAX_TOKENS = 24
PAD, BOS, UNKNOWN = 0, 1, 2

SHAPES = ("ball", "square", "triangle", "star", "heart", "ring")
COLOURS = ("red", "orange", "yellow", "green", "blue", "purple", "pink", "white")
SIZES = ("small", "medium", "large")
MOTIONS = ("right", "left", "rises", "falls", "bounces", "circles", "spins", "grows", "shrinks", "still")
BACKGROUNDS = ("meadow", "sea", "desert", "night", "snow", "sunset", "light", "dark", "nightfall", "daybreak")
PANS, ZOOMS = ("panleft", "panright"), ("zoomin", "zoomout")
CAMERAS = (*PANS, *ZOOMS)

WORDS = (*SHAPES, *COLOURS, *SIZES, *MOTIONS, *BACKGROUNDS, "and", *CAMERAS)
TOKEN_OF = {word: index + 3 for index, word in enumerate(WORDS)}
VOCABULARY_SIZE = len(WORDS) + 3

MOTION_PHRASES = {
    "right": "moves right",
    "left": "moves left",
    "rises": "rises",
    "falls": "falls",
    "bounces": "bounces",
    "circles": "circles around",
    "spins": "spins",
    "grows": "grows",
    "shrinks": "shrinks",
    "still": "stays still",
}
BACKGROUND_PHRASES = {
    "meadow": "on a green meadow",
    "sea": "over the blue sea",
    "desert": "in the desert",
    "night": "at night",
    "snow": "in the snow",
    "sunset": "at sunset",
    "light": "on a white background",
    "dark": "on a black background",
    "nightfall": "as day turns to night",
    "daybreak": "as night turns to day",
}
CAMERA_PHRASES = {
    "panleft": "the camera pans left",
    "panright": "the camera pans right",
    "zoomin": "the camera zooms in",
    "zoomout": "the camera zooms out",
}

_SYNONYMS = {
    "ball": "balls sphere circle disc disk dot orb",
    "square": "squares box cube block",
    "triangle": "triangles pyramid",
    "star": "stars",
    "heart": "hearts",
    "ring": "rings hoop donut doughnut",
    "red": "crimson scarlet",
    "orange": "tangerine",
    "yellow": "golden gold",
    "green": "emerald",
    "blue": "azure",
    "purple": "violet",
    "pink": "rose magenta",
    "small": "little tiny mini",
    "medium": "middle-sized normal-sized",
    "large": "big huge giant great",
    "rises": "rise rising ascends ascending climbs climbing",
    "falls": "fall falling drops dropping descends descending sinks sinking",
    "bounces": "bounce bouncing jumps jump jumping hops hop hopping",
    "circles": "circling orbits orbit orbiting",
    "spins": "spin spinning rotates rotate rotating turns turning twirls twirling",
    "grows": "grow growing expands expanding swells swelling",
    "shrinks": "shrink shrinking",
    "still": "rests resting motionless waits waiting static",
    "meadow": "grass field lawn",
    "sea": "ocean water lake",
    "desert": "sand dunes beach",
    "night": "midnight",
    "snow": "snowy winter ice",
    "sunset": "dusk evening",
    "daybreak": "sunrise dawn",
    "and": "beside while plus",
}
_PHRASES = {
    "right": "to the right|towards the right|goes right|rolls right|slides right|flies right|moving right|rightwards",
    "left": "to the left|towards the left|goes left|rolls left|slides left|flies left|moving left|leftwards",
    "rises": "moves up|goes up|flies up|moving up|floats up|upwards",
    "falls": "moves down|goes down|falls down|moving down|falling down|downwards",
    "bounces": "bounces up and down|jumps up and down|hops up and down",
    "circles": "circles around|moves in a circle|goes in circles|moves in circles|in a circle|goes around",
    "spins": "turns around",
    "grows": "gets bigger|becomes bigger|gets larger|becomes larger",
    "shrinks": "gets smaller|becomes smaller",
    "still": "stays still|does not move|stands still|stays in place|is still|lies still|hangs still",
    "meadow": "green meadow|green grass|green field|green lawn",
    "sea": "blue sea|blue ocean|blue water|blue lake",
    "desert": "yellow desert|sandy desert|yellow sand|orange desert",
    "night": "night sky|starry sky|starry night|dark night|under the stars",
    "snow": "white snow|snowy field",
    "sunset": "orange sunset|pink sunset|sunset sky|evening sky",
    "light": "white background|plain white background|white room|light background|grey background|gray background",
    "dark": "black background|plain black background|dark background|dark room|black room",
    "nightfall": "day turns to night|day becomes night|day turning to night|night falls|day turns into night|it gets dark",
    "daybreak": "night turns to day|night becomes day|night turning to day|day breaks|night turns into day|it gets light|the sun rises",
    "and": "next to|together with",
}
_MORE_PHRASES = {
    "right": "moves right",
    "left": "moves left",
    "ring": "hollow circle",
}
_IGNORED = (
    "a an the of on in at over under above with is are it its to there one some that which this by near "
    "as moves move moving goes stays slowly gently sky up down around background scene video clip shows showing very"
)
IGNORED = tuple(_IGNORED.split())


def _camera_phrases() -> dict[str, str]:
    """What is said of a camera -> its vocabulary word.

    An "and" or "while" beside it is part of the phrase, because it does not join two things there.
    """
    ways = {
        **{f"pan{side}": [f"{verb} {way}" for verb in ("pans", "moves") for way in (side, f"to the {side}")] for side in ("left", "right")},
        "zoomin": ["zooms in", "moves closer", "comes closer"],
        "zoomout": ["zooms out", "moves away", "moves back"],
    }
    table = {}
    for camera, said in ways.items():
        for phrase in (f"camera {how}{way}" for way in said for how in ("", "slowly ")):
            for form in ("{}", "and the {}", "while the {}", "and {}", "{} and", "{} while"):
                table[form.format(phrase)] = camera
    for camera in CAMERAS:
        verb, way = ("pan", camera[3:]) if camera in PANS else ("zoom", camera[4:])
        doing = "panning" if verb == "pan" else "zooming"
        table |= {f"{word} {way}": camera for word in (verb, f"{verb}s", doing, f"camera {doing}")}
    return table


def synonyms() -> dict[str, str]:
    """Every accepted word or phrase that is not itself a vocabulary word -> its vocabulary word."""
    table = {alias: word for word, aliases in _SYNONYMS.items() for alias in aliases.split()}
    for phrases in (_PHRASES, _MORE_PHRASES):
        table |= {alias: word for word, aliases in phrases.items() for alias in aliases.split("|")}
    table |= _camera_phrases()
    return {normalise(alias): word for alias, word in table.items()}


def normalise(text: str) -> str:
    """Lower case; everything but letters and digits becomes one space."""
    return re.sub(r"[^a-z0-9]+", " ", text.lower()).strip()


def tokenizer_document() -> dict:
    """The content of `tokenizer.json` (schema version 1)."""
    return {
        "version": 1,
        "max_tokens": MAX_TOKENS,
        "words": dict(TOKEN_OF),
        "synonyms": synonyms(),
        "ignored": list(IGNORED),
        "groups": {
            "shapes": list(SHAPES),
            "colours": list(COLOURS),
            "sizes": list(SIZES),
            "motions": [MOTION_PHRASES[m] for m in MOTIONS],
            "backgrounds": [BACKGROUND_PHRASES[b] for b in BACKGROUNDS],
            "cameras": [CAMERA_PHRASES[c] for c in CAMERAS],
        },
    }


def words_of(prompt: str, document: dict | None = None) -> tuple[list[str], list[str]]:
    """Prompt -> (vocabulary words in order, unknown words). Longest phrase first."""
    document = document or tokenizer_document()
    table = {word: word for word in document["words"]} | document["synonyms"]
    ignored = set(document["ignored"])
    longest = max(len(key.split()) for key in table)
    pieces, found, unknown, at = normalise(prompt).split(), [], [], 0
    while at < len(pieces):
        for length in range(min(longest, len(pieces) - at), 0, -1):
            phrase = " ".join(pieces[at : at + length])
            if phrase in table:
                found.append(table[phrase])
                break
        else:
            length = 1
            if pieces[at] not in ignored:
                unknown.append(pieces[at])
        at += length
    return found, unknown


def encode(prompt: str) -> list[int]:
    """Prompt -> MAX_TOKENS token ids, BOS first, padded with 0. Unknown words are left out."""
    return pad([TOKEN_OF[word] for word in words_of(prompt)[0]])


def pad(ids: list[int]) -> list[int]:
    """Word ids -> MAX_TOKENS ids with BOS in front; what does not fit is cut."""
    ids = [BOS, *ids][:MAX_TOKENS]
    return ids + [PAD] * (MAX_TOKENS - len(ids))
