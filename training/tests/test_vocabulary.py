"""The tokenizer: every word and phrase reaches its token, unknown words are named, the document is closed."""

from zoetrope import vocabulary as v
from zoetrope.prompts import held_out, with_cameras


def test_every_prompt_of_the_evaluation_is_understood_in_full():
    for row in held_out():
        words, unknown = v.words_of(row["prompt"])
        asked = [name for thing in row["things"] for name in (thing["colour"], thing["shape"], thing["motion"])]
        assert not unknown
        assert [w for w in words if w in asked] == asked
        assert row["background"] in words


def test_free_paraphrases_mean_what_they_ask_for():
    for row in held_out(40, 10, seed=5, free=True):
        words, unknown = v.words_of(row["prompt"])
        assert not unknown
        for thing in row["things"]:
            assert {thing["shape"], thing["colour"], thing["motion"]} <= set(words)


def test_synonyms_end_in_words_and_do_not_hide_them():
    document = v.tokenizer_document()
    for alias, word in document["synonyms"].items():
        assert word in document["words"]
        assert alias not in document["words"]
        assert v.words_of(alias)[0] == [word]


def test_unknown_words_are_reported_and_left_out():
    words, unknown = v.words_of("A big blue dragon spins, next to a Ball!")
    assert words == ["large", "blue", "spins", "and", "ball"]
    assert unknown == ["dragon"]


def test_ids_are_padded_and_cut_to_the_limit():
    assert v.encode("") == [v.BOS] + [v.PAD] * 23
    assert len(v.encode("red " * 100)) == v.MAX_TOKENS
    assert v.UNKNOWN not in v.encode("red dragon")


def test_cameras_are_told_from_what_things_do():
    assert v.words_of("The camera slowly pans to the left while a ball moves right.") == (["panleft", "ball", "right"], [])
    assert v.words_of("a star rises and the camera moves closer") == (["star", "rises", "zoomin"], [])
    assert v.words_of("a ball and a star, zoom out") == (["ball", "and", "star", "zoomout"], [])
    assert v.words_of("the camera circles a red ball")[1] == ["camera"]
    for row in with_cameras():
        words, unknown = v.words_of(row["prompt"])
        assert row["camera"] in words and not unknown
