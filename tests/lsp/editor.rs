//! An editor, as far as a test needs one: starts the binary, speaks the protocol, keeps what it was told.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::{Value, json};

/// No answer takes that long, not even on a machine that does ten other things.
/// Only a hang takes this long, however busy the machine is.
const PATIENCE: Duration = Duration::from_secs(600);

/// A session with the language server over a folder of its own.
pub struct Editor {
    child: Child,
    input: Option<ChildStdin>,
    messages: Receiver<Value>,
    next: i64,
    version: i64,
    /// The findings by the name of the file, as shown now.
    pub findings: BTreeMap<String, Vec<Value>>,
    pub folder: tempfile::TempDir,
}

impl Editor {
    /// Starts the server, over a folder with these files.
    pub fn start(files: &[(&str, &str)]) -> Self {
        let mut editor = Self::bare(files);
        let root = editor.uri("");
        let answer = editor.ask(
            "initialize",
            json!({ "processId": null, "capabilities": {}, "workspaceFolders": [{ "uri": root, "name": "test" }] }),
        );
        assert_eq!(answer["serverInfo"]["name"], "pipewright");
        editor.tell("initialized", json!({}));
        editor
    }

    /// The same, before the first message.
    pub fn bare(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        let mut child = Command::new(env!("CARGO_BIN_EXE_pipewright"))
            .args(["lsp", "--stdio"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let (sender, messages) = channel();
        std::thread::spawn(move || {
            while let Some(message) = read(&mut output) {
                if sender.send(message).is_err() {
                    return;
                }
            }
        });
        let input = child.stdin.take();
        Self { child, input, messages, next: 1, version: 1, findings: BTreeMap::new(), folder }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn uri(&self, name: &str) -> String {
        let path = self.path(name);
        url(&path)
    }

    /// The bytes of a message, right or wrong.
    pub fn raw(&mut self, body: &str) {
        let input = self.input.as_mut().unwrap();
        write!(input, "Content-Length: {}\r\n\r\n{body}", body.len()).unwrap();
        input.flush().unwrap();
    }

    pub fn tell(&mut self, method: &str, params: Value) {
        self.raw(&json!({ "jsonrpc": "2.0", "method": method, "params": params }).to_string());
    }

    /// Asks without waiting; the number of the request.
    pub fn send(&mut self, method: &str, params: Value) -> i64 {
        let id = self.next;
        self.next += 1;
        self.raw(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }).to_string());
        id
    }

    /// Waits for an answer: the result, or the error.
    pub fn answer(&mut self, id: i64) -> Result<Value, Value> {
        loop {
            let message = self.messages.recv_timeout(PATIENCE).expect("the server answers");
            if message["id"] == json!(id) && message.get("method").is_none() {
                return match message.get("error") {
                    Some(error) => Err(error.clone()),
                    None => Ok(message["result"].clone()),
                };
            }
            self.note(&message);
        }
    }

    pub fn ask(&mut self, method: &str, params: Value) -> Value {
        let id = self.send(method, params);
        self.answer(id).unwrap()
    }

    pub fn refused(&mut self, method: &str, params: Value) -> Value {
        let id = self.send(method, params);
        self.answer(id).unwrap_err()
    }

    fn note(&mut self, message: &Value) {
        if message["method"] == "textDocument/publishDiagnostics" {
            let uri = message["params"]["uri"].as_str().unwrap();
            let name = uri.rsplit('/').next().unwrap().to_string();
            self.findings.insert(name, message["params"]["diagnostics"].as_array().unwrap().clone());
        }
    }

    /// Waits until the findings of a file are those of now, and gives their names.
    pub fn names(&mut self, file: &str) -> Vec<String> {
        loop {
            let message = self.messages.recv_timeout(PATIENCE).expect("the server publishes");
            self.note(&message);
            let uri = message["params"]["uri"].as_str().unwrap_or_default();
            if uri.ends_with(&format!("/{file}")) && message["params"]["version"] == json!(self.version) {
                let list = &self.findings[file];
                return list.iter().map(|it| it["code"].as_str().unwrap().to_string()).collect();
            }
        }
    }

    /// Opens a buffer. A `‸` in the text marks the cursor and is taken out; the place of it.
    pub fn open(&mut self, name: &str, text: &str) -> Value {
        self.version += 1;
        let (text, at) = cursor(text);
        let uri = self.uri(name);
        let version = self.version;
        let document = json!({ "uri": uri, "languageId": "pipewright", "version": version, "text": text });
        self.tell("textDocument/didOpen", json!({ "textDocument": document }));
        json!({ "textDocument": { "uri": uri }, "position": at })
    }

    /// Replaces a range (line, character in UTF-16 to line, character) of a buffer.
    pub fn edit(&mut self, name: &str, range: [u32; 4], text: &str) {
        self.version += 1;
        let [line, character, to_line, to] = range;
        let range = json!({
            "start": { "line": line, "character": character }, "end": { "line": to_line, "character": to }
        });
        let document = json!({ "uri": self.uri(name), "version": self.version });
        let changes = json!([{ "range": range, "text": text }]);
        self.tell("textDocument/didChange", json!({ "textDocument": document, "contentChanges": changes }));
    }

    /// Says goodbye and waits for the end.
    pub fn quit(mut self) -> ExitStatus {
        self.ask("shutdown", Value::Null);
        self.tell("exit", Value::Null);
        self.child.wait().unwrap()
    }

    /// Leaves without a word.
    pub fn hang_up(mut self) -> ExitStatus {
        self.input = None;
        self.child.wait().unwrap()
    }
}

impl Drop for Editor {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn url(path: &Path) -> String {
    format!("file://{}", path.display())
}

/// Takes the `‸` out of a text: the text, and its place in lines and UTF-16 units.
pub fn cursor(text: &str) -> (String, Value) {
    let (before, after) = text.split_once('‸').unwrap_or((text, ""));
    let line = before.matches('\n').count();
    let character: usize = before.rsplit('\n').next().unwrap().chars().map(char::len_utf16).sum();
    (format!("{before}{after}"), json!({ "line": line, "character": character }))
}

fn read(output: &mut impl BufRead) -> Option<Value> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if output.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end().split_once(": ") {
            Some((_, value)) => length = value.parse().unwrap(),
            None => break,
        }
    }
    let mut body = vec![0; length];
    output.read_exact(&mut body).ok()?;
    Some(serde_json::from_slice(&body).unwrap())
}
