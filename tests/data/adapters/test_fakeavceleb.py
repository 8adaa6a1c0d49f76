"""meta_data.csv of the release: `path` holds the file name, the last column has no name and holds the folder."""

import pytest

from tad.data.adapters import index
from tad.data.adapters.base import side

HEAD = "source,target1,target2,method,category,type,race,gender,path,\n"
WHERE = "Asian (East)/women/id00076"


def _row(method: str, kind: str, name: str, source: str = "id00076") -> str:
    return f"{source},-,-,{method},A,{kind},Asian (East),women,{name},FakeAVCeleb/{kind}/Asian (East)/women/{source}\n"


def test_the_label_is_that_of_the_picture(lay, indexed, facts):
    kinds = ("RealVideo-RealAudio", "RealVideo-FakeAudio", "FakeVideo-RealAudio", "FakeVideo-FakeAudio")
    methods = ("real", "rtvc", "faceswap", "fsgan-wav2lip")
    names = [f"{kind}/{WHERE}/00109.mp4" for kind in kinds]  # one name in four folders
    table = HEAD + "".join(_row(method, kind, "00109.mp4") for method, kind in zip(methods, kinds, strict=True))
    lay(*names, texts={"meta_data.csv": table})
    rows, found = indexed("fakeavceleb")
    split = side("id00076")
    assert facts(rows) == {
        names[0]: ("real", "original", split, "id00076"),
        names[1]: ("real", "original", split, "id00076"),
        names[2]: ("fake", "faceswap", split, "id00076"),
        names[3]: ("fake", "fsgan-wav2lip", split, "id00076"),
    }
    assert not found.missing and not found.unlisted


def test_a_file_listed_under_two_methods_is_one_video(lay, indexed):
    fake = "FakeVideo-FakeAudio"
    twice = [_row(method, fake, "1.mp4") for method in ("wav2lip", "faceswap-wav2lip", "wav2lip")]
    lay(f"{fake}/{WHERE}/1.mp4", texts={"meta_data.csv": HEAD + "".join(twice)})
    rows, _ = indexed("fakeavceleb")
    assert [row["method"] for row in rows.values()] == ["wav2lip or faceswap-wav2lip"]


def test_missing_other_case_and_strangers(lay, indexed):
    table = HEAD + _row("real", "RealVideo-RealAudio", "1.mp4") + _row("real", "RealVideo-RealAudio", "2.mp4")
    lay(f"RealVideo-RealAudio/{WHERE.lower()}/1.MP4", "stray.mp4", texts={"Meta_Data.csv": table})
    rows, found = indexed("fakeavceleb")
    assert list(rows) == [f"RealVideo-RealAudio/{WHERE.lower()}/1.MP4"]
    assert found.missing == [f"FakeAVCeleb RealVideo-RealAudio/{WHERE}/2.mp4"]
    assert [path.rsplit("/", 1)[1] for path in found.unlisted] == ["stray.mp4"]


def test_people_stay_on_one_side_and_all_sides_have_some(lay, indexed):
    people = [f"id{i:05d}" for i in range(40)]
    kinds = (("real", "RealVideo-RealAudio"), ("wav2lip", "FakeVideo-RealAudio"))
    table = HEAD + "".join(_row(method, kind, "1.mp4", person) for person in people for method, kind in kinds)
    lay(*(f"{kind}/Asian (East)/women/{person}/1.mp4" for person in people for _, kind in kinds))
    lay(texts={"meta_data.csv": table})
    rows, _ = indexed("fakeavceleb")
    sides = {}
    for row in rows.values():
        sides.setdefault(row["group"], set()).add(row["split"])
    assert len(rows) == 80 and all(len(split) == 1 for split in sides.values())
    assert set.union(*sides.values()) == {"train", "val", "test"}


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (HEAD + _row("real", "Video", "1.mp4"), "begin with RealVideo or FakeVideo; got 'Video'"),
        ("source,method,type,path\na,real,RealVideo-RealAudio,1.mp4\n", "a last column; got source, method, type"),
        ("name,label\na,1\n", "must have source, method, type, path"),
    ],
)
def test_a_table_of_another_form(lay, root, table, message):
    lay(texts={"meta_data.csv": table})
    with pytest.raises(ValueError, match=message):
        index("fakeavceleb", root)
