//! Messages over stdin and stdout, framed as the protocol says. What cannot be read as a message is answered with an error,
//! and the next one is read: one bad message does not end a session.
//!
//! Not the transport of `lsp-server`: it hands over one message at a time, so that a cancellation is seen only after the
//! request it cancels, and it reads numbers in a way that `serde_json`'s exact numbers do not allow.

use std::io::{BufRead, Read, Write};

use crossbeam_channel::{Sender, unbounded};
use lsp_server::{Connection, ErrorCode, Message, RequestId, Response};
use serde_json::Value;

/// More than this is no program that anybody edits.
const LARGEST: usize = 256 << 20;

/// A connection over stdin and stdout, and the thread that writes.
pub fn stdio() -> std::io::Result<(Connection, std::thread::JoinHandle<()>)> {
    let (to_server, receiver) = unbounded();
    let (sender, from_server) = unbounded::<Message>();
    let answers = sender.clone();
    std::thread::Builder::new().name("lsp-reader".into()).spawn(move || {
        read_all(&mut std::io::stdin().lock(), &to_server, &answers);
    })?;
    let writer = std::thread::Builder::new().name("lsp-writer".into()).spawn(move || {
        let mut stdout = std::io::stdout().lock();
        for message in from_server {
            if write(&mut stdout, &message).is_err() {
                return;
            }
        }
    })?;
    Ok((Connection { sender, receiver }, writer))
}

fn read_all(input: &mut impl BufRead, messages: &Sender<Message>, answers: &Sender<Message>) {
    while let Some(body) = frame(input) {
        let exit = match read(&body) {
            Ok(message) => {
                let exit = matches!(&message, Message::Notification(it) if it.method == "exit");
                if messages.send(message).is_err() {
                    return;
                }
                exit
            }
            Err((id, code, why)) => {
                // Without a number the client cannot be answered; it is a message all the same.
                if let Some(id) = id {
                    let _ = answers.send(Response::new_err(id, code as i32, why).into());
                }
                false
            }
        };
        if exit {
            return;
        }
    }
}

/// The next frame; nothing at the end of the input, or if its header makes no sense.
fn frame(input: &mut impl BufRead) -> Option<Vec<u8>> {
    let mut length = None;
    loop {
        let mut line = vec![];
        if input.take(4096).read_until(b'\n', &mut line).ok()? == 0 {
            return None;
        }
        let line = String::from_utf8_lossy(&line);
        let line = line.trim_end_matches(['\r', '\n']);
        if line.is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse::<usize>().ok().filter(|it| *it <= LARGEST);
        }
    }
    let mut body = vec![0; length?];
    input.read_exact(&mut body).ok()?;
    Some(body)
}

fn read(body: &[u8]) -> Result<Message, (Option<RequestId>, ErrorCode, String)> {
    // By way of a value: see the top of the file.
    let value: Value =
        serde_json::from_slice(body).map_err(|error| (None, ErrorCode::ParseError, error.to_string()))?;
    let id = value.get("id").cloned().and_then(|id| serde_json::from_value(id).ok());
    serde_json::from_value(value).map_err(|error| (id, ErrorCode::InvalidRequest, error.to_string()))
}

fn write(output: &mut impl Write, message: &Message) -> std::io::Result<()> {
    let mut value = serde_json::to_value(message)?;
    if let Value::Object(fields) = &mut value {
        fields.insert("jsonrpc".into(), "2.0".into());
    }
    let body = serde_json::to_string(&value)?;
    write!(output, "Content-Length: {}\r\n\r\n{body}", body.len())?;
    output.flush()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::unreachable)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_message_does_not_end_the_session() {
        let framed = |body: &str| format!("Content-Length: {}\r\n\r\n{body}", body.len());
        let input = [
            framed("{ not json"),
            framed(r#"{"jsonrpc":"2.0","id":7,"method":5}"#),
            framed(r#"{"jsonrpc":"2.0","id":8,"method":"shutdown"}"#),
            framed(r#"{"jsonrpc":"2.0","method":"exit"}"#),
        ]
        .concat();
        let (to_server, messages) = unbounded();
        let (answer, answers) = unbounded();
        read_all(&mut input.as_bytes(), &to_server, &answer);
        let Message::Request(request) = messages.recv().unwrap() else { unreachable!() };
        assert_eq!((request.id, request.method.as_str()), (8.into(), "shutdown"));
        assert!(matches!(messages.recv().unwrap(), Message::Notification(it) if it.method == "exit"));
        let Message::Response(response) = answers.recv().unwrap() else { unreachable!() };
        assert_eq!(response.id, 7.into());
        let mut out = vec![];
        write(&mut out, &Response::new_ok(1.into(), 2).into()).unwrap();
        let framed = "Content-Length: 35\r\n\r\n{\"id\":1,\"result\":2,\"jsonrpc\":\"2.0\"}";
        assert_eq!(String::from_utf8(out).unwrap(), framed);
    }
}
