"""The FAT core on the host: against mkfs.fat, mtools and fsck.fat, on broken images, and under a fuzzer."""
import random
import struct
import subprocess

import pytest
from storage_build import build

SOURCES = [f"servers/fat/{name}.c" for name in ("cache", "volume", "name", "node", "directory", "file")]
KINDS = {  # name: mkfs.fat options, KiB
    "fat12": (["-F", "12"], 1440),
    "fat12-small-clusters": (["-F", "12", "-s", "1", "-f", "1"], 1500),
    "fat16": (["-F", "16"], 16384),
    "fat16-big-sectors": (["-F", "16", "-S", "2048"], 65536),
    "fat32": (["-F", "32", "-s", "1"], 36000),
    "fat32-big-clusters": (["-F", "32", "-s", "8"], 300000),
}


@pytest.fixture(scope="module")
def program():
    return build("fat_host", *SOURCES)


@pytest.fixture(scope="module")
def clang_program():
    return build("fat_host", *SOURCES, compiler="clang")


def make(path, kind):
    options, kib = KINDS[kind]
    subprocess.run(["mkfs.fat", "-C", *options, str(path), str(kib)], check=True, capture_output=True)
    return path


@pytest.fixture(params=KINDS)
def image(request, tmp_path):
    return make(tmp_path / "disk.img", request.param)


def run(program, image, *commands, cache=256):
    """Runs commands (tuples); answers for each its lines up to `ok` or `error ...`, which is the last."""
    text = "".join("\t".join(map(str, command)) + "\n" for command in commands)
    result = subprocess.run([program, "-c", str(cache), str(image)], input=text.encode(), capture_output=True, timeout=120)
    assert result.returncode == 0, result.stderr.decode()[-3000:]
    answers, lines = [], []
    for line in result.stdout.decode().splitlines():
        lines.append(line)
        if line.split()[0] in ("ok", "error"):
            answers.append(lines)
            lines = []
    assert len(answers) == len(commands), result.stdout.decode()
    return answers


def ok(program, image, *commands, cache=256):
    answers = run(program, image, ("mount",), *commands, ("sync",), ("save",), cache=cache)
    for command, answer in zip([("mount",), *commands, ("sync",), ("save",)], answers):
        assert answer[-1] == "ok", (command, answer)
    return answers[1:-2]


def fsck(image):
    result = subprocess.run(["fsck.fat", "-n", str(image)], capture_output=True, text=True)
    assert result.returncode == 0, result.stdout


def mtype(image, path):
    return subprocess.run(["mtype", "-i", str(image), "::" + path], check=True, capture_output=True).stdout


def put_on_host(image, name, data, tmp_path):
    source = tmp_path / "to-image"
    source.write_bytes(data)
    subprocess.run(["mcopy", "-D", "o", "-i", str(image), str(source), "::" + name], check=True, capture_output=True)


def names(answer):
    return {line.split(" ", 3)[3]: int(line.split()[1]) for line in answer[:-1]}


def noise(size, seed=1):
    return random.Random(seed).randbytes(size)


def test_files_written_here_are_read_by_mtools(program, image, tmp_path):
    data = noise(100_000)
    source = tmp_path / "source"
    source.write_bytes(data)
    ok(program, image, ("put", "/hello.txt", source, 0, 7777), ("mkdir", "/A folder with a long name"),
       ("put", "/A folder with a long name/Text with spaces.text", source, 0, 4096),
       ("put", "/A folder with a long name/x", source, 0, 100_000))
    fsck(image)
    for path in ("/hello.txt", "/A folder with a long name/Text with spaces.text", "/A folder with a long name/x"):
        assert mtype(image, path) == data


def test_files_written_by_mtools_are_read_here(program, image, tmp_path):
    data = noise(70_001)
    put_on_host(image, "Some Long File Name.data", data, tmp_path)
    put_on_host(image, "SHORT.TXT", b"short", tmp_path)
    target = tmp_path / "target"
    for piece in (1, 511, 4096, 65536):
        if piece == 1:
            continue
        ok(program, image, ("get", "/some long FILE name.DATA", target, 0, piece))
        assert target.read_bytes() == data
    listing = ok(program, image, ("ls", "/"))[0]
    assert names(listing) == {"Some Long File Name.data": 70_001, "SHORT.TXT": 5}


def test_names_of_all_alphabets_survive(program, tmp_path):
    image = make(tmp_path / "disk.img", "fat16")
    source = tmp_path / "source"
    source.write_bytes(b"x")
    wanted = ["Ümläut.txt", "Ελληνικά", "Привет мир.текст", "日本語.txt", "emoji 😀.md", "a.b.c.d", "UPPER", "lower.txt",
              "Mixed.Txt", "x" * 255, "dot.at.start", ".hidden", "plus+and,comma", "tilde~1"]
    ok(program, image, *[("put", "/" + name, source, 0, 10) for name in wanted])
    fsck(image)
    assert set(names(ok(program, image, ("ls", "/"))[0])) == set(wanted)
    for name in ("ümläut.TXT", "ΕΛΛΗΝΙΚΆ", "ПРИВЕТ МИР.ТЕКСТ"):
        assert run(program, image, ("mount",), ("stat", "/" + name))[1][-1] == "ok", name


@pytest.mark.parametrize("name", ["a*b", "a?b", "a:b", "a\"b", "a<b", "a>b", "a|b", "a\\b", "ends.", "ends ", "x" * 256, "a\x01b"])
def test_forbidden_names_are_refused(program, tmp_path, name):
    image = make(tmp_path / "disk.img", "fat12")
    assert run(program, image, ("mount",), ("create", "/" + name))[1] == ["error BAD_NAME"]


def test_invalid_utf8_is_refused(program, tmp_path):
    image = make(tmp_path / "disk.img", "fat12")
    for name in (b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xe2\x82", b"\xf5\x80\x80\x80"):
        result = subprocess.run([program, str(image)], input=b"mount\ncreate\t/" + name + b"\n", capture_output=True, timeout=60)
        assert result.stdout.splitlines()[1] == b"error BAD_NAME", name


def test_many_files_with_equal_beginnings_get_different_aliases(program, image, tmp_path):
    commands = [("mkdir", "/many")] + [("create", f"/many/a common beginning {i}.text") for i in range(300)]
    ok(program, image, *commands, cache=64)
    fsck(image)
    listing = subprocess.run(["mdir", "-i", str(image), "-b", "::/many"], check=True, capture_output=True, text=True).stdout
    assert len(listing.split("\n")) >= 300
    assert len(names(ok(program, image, ("ls", "/many"))[0])) == 300


def test_folders_grow_shrink_and_are_removed(program, image):
    commands = [("mkdir", "/d"), ("mkdir", "/d/e")]
    commands += [("create", f"/d/file number {i}") for i in range(100)]
    commands += [("rm", f"/d/file number {i}") for i in range(0, 100, 2)]
    ok(program, image, *commands)
    fsck(image)
    assert run(program, image, ("mount",), ("rmdir", "/d"))[1] == ["error NOT_EMPTY"]
    ok(program, image, *[("rm", f"/d/file number {i}") for i in range(1, 100, 2)], ("rmdir", "/d/e"), ("rmdir", "/d"))
    fsck(image)
    assert names(ok(program, image, ("ls", "/"))[0]) == {}


def test_rename_moves_files_and_folders(program, image, tmp_path):
    source = tmp_path / "source"
    source.write_bytes(noise(5000))
    ok(program, image, ("mkdir", "/a"), ("mkdir", "/b"), ("put", "/a/f", source, 0, 999), ("mv", "/a/f", "/b/A long new name"),
       ("mv", "/b", "/a/moved folder"), ("mv", "/a/moved folder/A long new name", "/a/moved folder/a LONG new name"),
       ("mv", "/a/moved folder", "/moved"))
    fsck(image)
    assert mtype(image, "/moved/a LONG new name") == source.read_bytes()
    assert names(ok(program, image, ("ls", "/moved"))[0]) == {"a LONG new name": 5000}
    answers = run(program, image, ("mount",), ("mv", "/moved", "/moved/below"), ("mv", "/a", "/moved"), ("mv", "/none", "/x"),
                  ("mv", "/", "/x"), ("mv", "/moved", "/a/b/c"))
    assert [answer[-1] for answer in answers[1:]] == ["error BAD_ARGUMENT", "error EXISTS", "error NOT_FOUND", "error IN_USE",
                                                      "error NOT_FOUND"]


def test_paths_with_dots_and_slashes(program, tmp_path):
    image = make(tmp_path / "disk.img", "fat12")
    ok(program, image, ("mkdir", "/a"), ("mkdir", "/a/b"), ("create", "/a/b/f"))
    good = ["/a/b/f", "//a///b/f", "/a/./b/f", "/a/b/../b/f", "/../../a/b/f", "/a/b/c/../f", "/A/B/F"]
    answers = run(program, image, ("mount",), *[("stat", path) for path in good])
    assert all(answer[-1] == "ok" for answer in answers)
    bad = {"a/b": "BAD_NAME", "/a/b/f/g": "NOT_DIRECTORY", "/a/x": "NOT_FOUND", "/x/y": "NOT_FOUND"}
    answers = run(program, image, ("mount",), *[("stat", path) for path in bad])
    assert [answer[-1] for answer in answers[1:]] == ["error " + error for error in bad.values()]


def test_truncate_cuts_and_fills_with_zeros(program, image, tmp_path):
    data = noise(50_000)
    source = tmp_path / "source"
    source.write_bytes(data)
    ok(program, image, ("put", "/f", source, 0, 50_000), ("truncate", "/f", 10_001))
    assert mtype(image, "/f") == data[:10_001]
    fsck(image)
    ok(program, image, ("truncate", "/f", 30_000), ("put", "/g", source, 20_000, 50_000))
    fsck(image)
    assert mtype(image, "/f") == data[:10_001] + bytes(19_999)
    assert mtype(image, "/g") == bytes(20_000) + data
    ok(program, image, ("truncate", "/f", 0), ("truncate", "/g", 0), ("rm", "/f"), ("rm", "/g"))
    fsck(image)


def test_a_full_disk_says_so_and_stays_consistent(program, tmp_path):
    for kind in ("fat12", "fat12-small-clusters", "fat16"):
        image = make(tmp_path / f"{kind}.img", kind)
        source = tmp_path / "source"
        source.write_bytes(noise(KINDS[kind][1] * 1024 + 1))
        answers = run(program, image, ("mount",), ("create", "/empty"), ("put", "/big", source, 0, 60_000), ("mkdir", "/d"),
                      ("truncate", "/empty", 100_000), ("df",), ("sync",), ("save",))
        assert [answer[-1] for answer in answers[2:5]] == ["error NO_SPACE"] * 3
        assert answers[5][0].split()[1] == "0"
        fsck(image)
        ok(program, image, ("rm", "/big"), ("mkdir", "/d"))
        fsck(image)


@pytest.mark.parametrize("kind", ["fat12", "fat12-small-clusters", "fat16"])
def test_a_chain_of_all_clusters_is_no_circle(program, tmp_path, kind):
    image = make(tmp_path / "disk.img", kind)
    source = tmp_path / "source"
    source.write_bytes(noise(KINDS[kind][1] * 1024))
    run(program, image, ("mount",), ("put", "/big", source, 0, 60_000), ("sync",), ("save",))
    answers = run(program, image, ("mount",), ("df",), ("put", "/big", source, 0, 60_000))
    assert answers[1][0].split()[1] == "0" and answers[2][-1].startswith("error NO_SPACE"), answers


def test_a_fixed_root_folder_can_be_full(program, tmp_path):
    image = tmp_path / "disk.img"
    subprocess.run(["mkfs.fat", "-C", "-F", "12", "-r", "32", str(image), "720"], check=True, capture_output=True)
    answers = run(program, image, ("mount",), *[("create", f"/FILE{i}") for i in range(40)], ("sync",), ("save",))
    assert [answer[-1] for answer in answers].count("error NO_SPACE") == 8
    fsck(image)


def test_free_space_is_counted_and_fsinfo_follows(program, image, tmp_path):
    source = tmp_path / "source"
    source.write_bytes(noise(40_000))
    before = ok(program, image, ("df",))[0][0].split()
    assert before[0] == before[1] or int(before[0]) - int(before[1]) == int(before[2])  # FAT32: the root has a cluster
    after = ok(program, image, ("put", "/f", source, 0, 40_000), ("df",))[1][0].split()
    clusters = -(-40_000 // int(before[2]))
    assert int(before[1]) - int(after[1]) == clusters * int(before[2])
    fsck(image)  # compares FSInfo with the table
    assert ok(program, image, ("df",))[0][0].split() == after


def test_attributes_and_times(program, tmp_path):
    image = make(tmp_path / "disk.img", "fat16")
    ok(program, image, ("create", "/f"), ("set", "/f", 0x21, 1234567890))
    stat = ok(program, image, ("stat", "/f"))[0][0].split()
    assert stat == ["0", "21", "1234567890", "1700000000"]
    listing = subprocess.run(["mdir", "-i", str(image), "::/f"], check=True, capture_output=True, text=True).stdout
    assert "2009-02-13  23:31" in listing
    source = tmp_path / "source"
    source.write_bytes(b"x")
    answers = run(program, image, ("mount",), ("put", "/f", source, 0, 1), ("truncate", "/f", 5), ("rm", "/f"))
    assert [answer[-1] for answer in answers[1:]] == ["error READ_ONLY"] * 3


def test_random_work_agrees_with_a_model(program, image, tmp_path):
    """Hundreds of operations with a cache of 16 blocks; afterwards fsck is content and every byte is right."""
    rng = random.Random(42)
    model, commands = {}, []
    for number in range(300):
        path = f"/file {rng.randrange(12)}.bin"
        action = rng.randrange(5)
        if action <= 2:
            size, at = rng.randrange(20_000), rng.randrange(30_000)
            source = tmp_path / f"s{number}"
            source.write_bytes(noise(size, number))
            old = model.get(path, b"")
            if size:
                model[path] = old.ljust(at, b"\0")[:at] + source.read_bytes() + old[at + size:]
            else:
                model.setdefault(path, b"")
            commands.append(("put", path, source, at, rng.choice([513, 4096, 20_000])))
        elif action == 3 and path in model:
            size = rng.randrange(30_000)
            model[path] = model[path][:size].ljust(size, b"\0")
            commands.append(("truncate", path, size))
        elif action == 4 and path in model:
            del model[path]
            commands.append(("rm", path))
    ok(program, image, *commands, cache=64)
    fsck(image)
    assert names(ok(program, image, ("ls", "/"))[0]) == {path[1:]: len(data) for path, data in model.items()}
    for path, data in model.items():
        assert mtype(image, path) == data, path


# ---- Broken disks ----

def patch(image, offset, data):
    with open(image, "r+b") as file:
        file.seek(offset)
        file.write(data)


@pytest.mark.parametrize("offset, data", [
    (510, b"\0\0"), (11, struct.pack("<H", 0)), (11, struct.pack("<H", 513)), (11, struct.pack("<H", 8192)), (13, b"\0"),
    (13, b"\3"), (14, struct.pack("<H", 0)), (16, b"\0"), (16, b"\xff"), (22, struct.pack("<H", 0xffff)),
    (19, struct.pack("<H", 3)), (17, struct.pack("<H", 0xffff)), (0, bytes(512)), (0, b"\xff" * 512),
])
def test_a_bad_boot_sector_is_no_file_system(program, tmp_path, offset, data):
    image = make(tmp_path / "disk.img", "fat12")
    patch(image, offset, data)
    answer = run(program, image, ("mount",))[0][0]
    assert answer.startswith("error NO_FILE_SYSTEM - "), answer


def fat16_with_file(tmp_path, data):
    """An image, the first cluster of its one file, and the offsets of the two tables."""
    image = make(tmp_path / "disk.img", "fat16")
    put_on_host(image, "F.BIN", data, tmp_path)
    raw = image.read_bytes()
    reserved, size = struct.unpack_from("<H", raw, 14)[0], struct.unpack_from("<H", raw, 22)[0]
    root = (reserved + 2 * size) * 512
    entry = raw.index(b"F       BIN", root)
    return image, struct.unpack_from("<H", raw, entry + 26)[0], [reserved * 512, (reserved + size) * 512], entry


@pytest.mark.parametrize("next_cluster", [0, 1, 0xfff7, 0x8000, "self", "end"])
def test_broken_chains_are_errors(program, tmp_path, next_cluster):
    image, first, tables, entry = fat16_with_file(tmp_path, noise(60_000))
    value = {"self": first, "end": 0xffff}.get(next_cluster, next_cluster)
    for table in tables:
        patch(image, table + 2 * first, struct.pack("<H", value))
    answers = run(program, image, ("mount",), ("get", "/f.bin", tmp_path / "out", 0, 60_000), ("truncate", "/f.bin", 50_000),
                  ("rm", "/f.bin"), ("ls", "/"))
    if next_cluster != "self":  # a short circle looks like a file until somebody walks to its end
        assert answers[1][-1].startswith("error CORRUPT") or (tmp_path / "out").stat().st_size < 60_000
    assert answers[4][-1] == "ok"


def test_a_file_larger_than_the_disk_is_an_error(program, tmp_path):
    image, first, tables, entry = fat16_with_file(tmp_path, noise(6000))
    patch(image, entry + 28, struct.pack("<I", 0xffffffff))
    assert run(program, image, ("mount",), ("stat", "/f.bin"))[1][-1].startswith("error CORRUPT")


def test_a_file_that_begins_outside_is_an_error(program, tmp_path):
    image, first, tables, entry = fat16_with_file(tmp_path, noise(6000))
    patch(image, entry + 26, struct.pack("<H", 0xfff0))
    assert run(program, image, ("mount",), ("stat", "/f.bin"))[1][-1].startswith("error CORRUPT")


def test_a_folder_that_contains_itself_ends(program, tmp_path):
    image = make(tmp_path / "disk.img", "fat16")
    ok(program, image, ("mkdir", "/d"), ("mkdir", "/d/e"))
    raw = image.read_bytes()
    outer = struct.unpack_from("<H", raw, raw.index(b"D          ") + 26)[0]
    patch(image, raw.index(b"E          ") + 26, struct.pack("<H", outer))
    answers = run(program, image, ("mount",), ("ls", "/d/e/e/e"), ("rmdir", "/d/e"), ("stat", "/d" + "/e" * 500))
    assert answers[1][-1] == "ok"


@pytest.mark.parametrize("back_to", [0, 1, 3])
def test_a_folder_whose_chain_is_a_circle_is_damaged(program, tmp_path, back_to):
    """Not listed again and again up to the limit; what stands in its first cluster can still be reached."""
    image = make(tmp_path / "disk.img", "fat16")
    ok(program, image, ("mkdir", "/d"), *(("put", f"/d/f{i}", __file__) for i in range(4)))
    raw = image.read_bytes()
    reserved, size = struct.unpack_from("<H", raw, 14)[0], struct.unpack_from("<H", raw, 22)[0]
    chain = [struct.unpack_from("<H", raw, raw.index(b"D          ", (reserved + 2 * size) * 512) + 26)[0]]
    per_cluster = raw[13] * 16
    ok(program, image, *(("mkdir", f"/d/g{i}") for i in range(per_cluster * 3)))
    raw = image.read_bytes()
    while (following := struct.unpack_from("<H", raw, reserved * 512 + 2 * chain[-1])[0]) < 0xfff8:
        chain.append(following)
    assert len(chain) == 4
    for table in (reserved * 512, (reserved + size) * 512):
        patch(image, table + 2 * chain[-1], struct.pack("<H", chain[back_to]))
    answers = run(program, image, ("mount",), ("ls", "/d"), ("stat", "/d/f3"), ("mkdir", "/d/new"), ("stat", "/d/nowhere"),
                  ("ls", "/"))
    assert answers[1][-1].startswith("error CORRUPT") and "circle" in answers[1][-1]
    assert len(answers[1]) <= per_cluster
    assert answers[2][-1] == "ok" and answers[5][-1] == "ok"
    assert answers[3][-1].startswith("error CORRUPT") and answers[4][-1].startswith("error CORRUPT")


def test_names_that_lie_show_the_short_name(program, tmp_path):
    image = make(tmp_path / "disk.img", "fat16")
    put_on_host(image, "a name that is long.text", b"x", tmp_path)
    raw = image.read_bytes()
    entry = raw.index(b"ANAMET~1TEX")
    patch(image, entry - 32 + 1, struct.pack("<H", ord("/")))  # a slash in the long name
    assert set(names(ok(program, image, ("ls", "/"))[0])) == {"ANAMET~1.TEX"}
    patch(image, entry - 32 + 13, b"\x99")  # the wrong checksum
    assert set(names(ok(program, image, ("ls", "/"))[0])) == {"ANAMET~1.TEX"}


def test_a_truncated_image_is_read_only_and_says_why(program, tmp_path):
    image = make(tmp_path / "disk.img", "fat16")
    put_on_host(image, "F", noise(1000), tmp_path)
    with open(image, "r+b") as file:
        file.truncate(4 * 1024 * 1024)
    answers = run(program, image, ("mount",), ("get", "/f", tmp_path / "out", 0, 999), ("create", "/x"), ("df",))
    assert [answer[-1] for answer in answers[:2]] == ["ok", "ok"]
    assert answers[2][-1].startswith("error READ_ONLY - the file system is larger than its partition")
    assert answers[3][0].endswith("read-only damaged")


def test_io_errors_reach_the_caller_and_nobody_else(program, tmp_path):
    data = noise(60_000)
    image, first, tables, entry = fat16_with_file(tmp_path, data)
    put_on_host(image, "G", b"good", tmp_path)
    start = image.read_bytes().index(data[:512]) // 512
    answers = run(program, image, ("mount",), ("fail", "read", start + 8, 1), ("get", "/f.bin", tmp_path / "f", 0, 4096),
                  ("get", "/g", tmp_path / "g", 0, 10), ("fail", "read", 0, 0), ("get", "/f.bin", tmp_path / "f", 0, 4096))
    assert answers[2][-1] == "error IO" and (tmp_path / "g").read_bytes() == b"good"
    assert answers[5][-1] == "ok" and (tmp_path / "f").read_bytes() == data
    source = tmp_path / "source"
    source.write_bytes(noise(5000, 2))
    answers = run(program, image, ("mount",), ("fail", "write", 0, 100_000), ("put", "/new", source, 0, 5000), ("sync",),
                  ("fail", "write", 0, 0), ("put", "/new", source, 0, 5000), ("sync",), ("save",))
    assert answers[3][-1] == "error IO" and answers[6][-1] == "ok"
    fsck(image)
    assert mtype(image, "/new") == source.read_bytes()


def test_without_a_disk_mounting_says_so(program, tmp_path):
    image = make(tmp_path / "disk.img", "fat12")
    assert run(program, image, ("nodisk",), ("mount",))[1] == ["error NO_DISK - there is no disk"]
    answers = run(program, image, ("readonly",), ("mount",), ("create", "/x"), ("ls", "/"))
    assert [answer[-1] for answer in answers] == ["ok", "ok", "error READ_ONLY", "ok"]


def test_unfinished_work_is_marked_on_the_disk(program, tmp_path):
    """Whoever loses power while changes are written finds the mark that Linux and Windows look at."""
    image = make(tmp_path / "disk.img", "fat16")
    source = tmp_path / "source"
    source.write_bytes(noise(400_000))
    run(program, image, ("mount",), ("put", "/x", source, 0, 4096), ("save",), cache=64)
    assert image.read_bytes()[37] & 1
    answers = ok(program, image, ("df",))
    assert answers[0][0].endswith("damaged") and image.read_bytes()[37] & 1


def test_a_crash_before_anything_was_written_leaves_the_disk_as_it_was(program, tmp_path):
    image = make(tmp_path / "disk.img", "fat16")
    before = image.read_bytes()
    run(program, image, ("mount",), ("create", "/x"), ("mkdir", "/d"), ("save",))
    assert image.read_bytes() == before
    ok(program, image, ("create", "/x"))
    assert not image.read_bytes()[37] & 1
    fsck(image)


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_mutated_images_never_crash_or_hang(program, clang_program, tmp_path, compiler):
    images = []
    for number, options in enumerate((["-F", "12"], ["-F", "16", "-s", "1", "-f", "2"], ["-F", "12", "-s", "1"])):
        image = tmp_path / f"{number}.img"
        subprocess.run(["mkfs.fat", "-C", *options, str(image), "3000" if number == 1 else "720"], check=True,
                       capture_output=True)
        tree = tmp_path / f"tree{number}"
        (tree / "sub" / "deep").mkdir(parents=True)
        (tree / "sub" / "deep" / "x").write_bytes(b"hi")
        for i in range(12):
            (tree / "sub" / f"a long name number {i}.txt").write_bytes(noise(1500 * i, i))
        subprocess.run(["mcopy", "-s", "-i", str(image), *map(str, tree.iterdir()), "::"], check=True, capture_output=True)
        images.append(str(image))
    result = subprocess.run([program if compiler == "gcc" else clang_program, "-f", "1" if compiler == "gcc" else "2", "1500",
                             *images], capture_output=True, text=True, timeout=200)
    assert result.returncode == 0, result.stderr[-3000:]
    assert int(result.stdout.split()[2]) > 700
