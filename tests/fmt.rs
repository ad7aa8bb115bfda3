//! `pipewright fmt` as scripts and editors see it: what it writes, what it leaves alone, what it says.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

const UGLY: &str = "type A={a:int64,b:string}\n# why\nparam   p : int64=1   # one\n";
const GOOD: &str = "type A = { a: int64, b: string }\n# why\nparam p: int64 = 1  # one\n";
const BROKEN: &str = "type A = { a: int64\nparam p: int64 = 1\n";

fn fmt(folder: &Path, arguments: &[&str], stdin: &[u8]) -> (i32, String, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_pipewright"))
        .arg("fmt")
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(stdin).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap_or(-1), text(output.stdout), text(output.stderr))
}

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn read(folder: &tempfile::TempDir, name: &str) -> String {
    fs::read_to_string(folder.path().join(name)).unwrap()
}

#[test]
fn several_files_and_folders() {
    let folder = folder(&[("a.pipe", UGLY), ("b/c.pipe", UGLY), ("b/d.pipe", GOOD), ("b/e.txt", UGLY)]);
    let (code, out, err) = fmt(folder.path(), &["a.pipe", "b"], b"");
    assert_eq!((code, out.as_str(), err.as_str()), (0, "", "formatted a.pipe\nformatted b/c.pipe\n"));
    for name in ["a.pipe", "b/c.pipe", "b/d.pipe"] {
        assert_eq!(read(&folder, name), GOOD, "{name}");
    }
    assert_eq!(read(&folder, "b/e.txt"), UGLY);
    assert_eq!(fmt(folder.path(), &["--check"], b""), (0, String::new(), String::new()));
}

#[test]
fn a_broken_file_is_left_alone_and_stops_no_other() {
    let folder = folder(&[("a.pipe", BROKEN), ("b.pipe", UGLY)]);
    fs::write(folder.path().join("c.pipe"), b"# \xff\n").unwrap();
    let (code, out, err) = fmt(folder.path(), &[], b"");
    assert_eq!((code, out.as_str()), (1, ""));
    assert!(err.contains("error[unclosed-bracket]") && err.contains("a.pipe is left as it is"), "{err}");
    assert!(err.contains("error[not-utf8]") && err.contains("c.pipe is left as it is"), "{err}");
    assert_eq!(read(&folder, "a.pipe"), BROKEN);
    assert_eq!(read(&folder, "b.pipe"), GOOD);
}

#[test]
fn only_what_cannot_be_read_is_told() {
    let folder = folder(&[("a.pipe", "import \"gone.pipe\"\ntype A = { a: Nothing\nparam p: Gone = 1\n")]);
    let (code, _, err) = fmt(folder.path(), &["a.pipe"], b"");
    assert_eq!(code, 1);
    assert_eq!(err.matches("error[").count(), 1, "{err}");
}

#[test]
fn check_lists_and_diff_shows_and_neither_writes() {
    let folder = folder(&[("a.pipe", UGLY), ("b.pipe", GOOD)]);
    let (code, out, err) = fmt(folder.path(), &["--check"], b"");
    assert_eq!((code, out.as_str(), err.as_str()), (1, "a.pipe:1: would be formatted\n", ""));
    let (code, out, err) = fmt(folder.path(), &["--diff", "--check"], b"");
    assert_eq!((code, err.as_str()), (1, ""));
    assert_eq!(
        out,
        "--- a.pipe\n+++ a.pipe\n@@ -1,3 +1,3 @@\n-type A={a:int64,b:string}\n+type A = { a: int64, b: string }\n # why\n\
         -param   p : int64=1   # one\n+param p: int64 = 1  # one\n"
    );
    assert_eq!(read(&folder, "a.pipe"), UGLY);
    assert_eq!(fmt(folder.path(), &["--diff", "b.pipe"], b""), (0, String::new(), String::new()));
}

#[test]
fn stdin_to_stdout() {
    let folder = folder(&[]);
    assert_eq!(fmt(folder.path(), &["-"], UGLY.as_bytes()), (0, GOOD.to_string(), String::new()));
    assert_eq!(fmt(folder.path(), &["-"], b""), (0, String::new(), String::new()));
    assert_eq!(fmt(folder.path(), &["-", "--check"], GOOD.as_bytes()).0, 0);
    assert_eq!(fmt(folder.path(), &["-", "--check"], UGLY.as_bytes()).1, "<stdin>:1: would be formatted\n");
    let (code, out, err) = fmt(folder.path(), &["-"], BROKEN.as_bytes());
    assert_eq!((code, out.as_str()), (1, ""), "a pipe gets nothing rather than half of it");
    assert!(err.contains("<stdin>:1:20"), "{err}");
    assert_eq!(fmt(folder.path(), &["-", "a.pipe"], b"").0, 2);
}

#[test]
fn line_ends_stay_what_they_are() {
    let crlf = |text: &str| text.replace('\n', "\r\n");
    let block = "source a from b { q = \"\"\"\n    one\n    two\n    \"\"\"\n}\n";
    let folder =
        folder(&[("a.pipe", &crlf(UGLY)), ("b.pipe", &crlf(GOOD)), ("c.pipe", &(UGLY.to_string() + &crlf(block)))]);
    let (code, _, err) = fmt(folder.path(), &[], b"");
    assert_eq!((code, err.as_str()), (0, "formatted a.pipe\nformatted c.pipe\n"));
    assert_eq!(read(&folder, "a.pipe"), crlf(GOOD));
    assert!(!read(&folder, "c.pipe").contains('\r'), "the first line decides");
}

#[test]
fn a_missing_file_stops_no_other() {
    let folder = folder(&[("b.pipe", UGLY)]);
    let (code, _, err) = fmt(folder.path(), &["a.pipe", "b.pipe"], b"");
    assert_eq!((code, err.as_str()), (1, "error: cannot read `a.pipe`: no such file\nformatted b.pipe\n"));
}

#[cfg(unix)]
#[test]
fn permissions_stay() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder(&[("a.pipe", UGLY)]);
    let path = folder.path().join("a.pipe");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o604)).unwrap();
    assert_eq!(fmt(folder.path(), &[], b"").0, 0);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o604);
}
