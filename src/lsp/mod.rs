//! The language server: what an editor shows of a program, over the protocol of `lsp-server`.
//!
//! One thread reads messages in order and answers them; programs are compiled when it has nothing else to do, or when an
//! answer needs them. What a program means is the compiler's (`pipewright_compiler::editor`, in bytes); this folder turns it
//! into the protocol, one file a feature. Nothing here writes a file or talks to a server.

mod actions;
mod capabilities;
mod completion;
mod diagnostics;
mod documents;
mod formatting;
mod hints;
mod hover;
mod lookup;
mod navigation;
mod positions;
mod programs;
mod renaming;
mod server;
mod signature;
mod symbols;
pub mod transport;

use std::collections::{HashSet, VecDeque};

use lsp_server::{Connection, ErrorCode, Message, RequestId, Response};

use crate::exit::Exit;
use server::Server;

/// Serves a connection until it ends. Fine only after `shutdown` and `exit`, as the protocol wants it.
pub fn serve(connection: Connection) -> Exit {
    let Connection { sender, receiver } = connection;
    let mut server = Server::new(sender);
    let mut waiting: VecDeque<Message> = VecDeque::new();
    let mut cancelled: HashSet<RequestId> = HashSet::new();
    loop {
        if waiting.is_empty() {
            // Nothing to do: now is the time to look at what was typed.
            if receiver.is_empty() {
                server.publish();
            }
            match receiver.recv() {
                Ok(message) => waiting.push_back(message),
                Err(_) => return Exit::Findings,
            }
        }
        waiting.extend(receiver.try_iter());
        cancelled.extend(waiting.iter().filter_map(cancellation));
        let Some(message) = waiting.pop_front() else { continue };
        match message {
            Message::Request(request) if cancelled.remove(&request.id) => {
                let answer = Response::new_err(
                    request.id,
                    ErrorCode::RequestCanceled as i32,
                    "the request was cancelled".into(),
                );
                server.send(answer.into());
            }
            Message::Request(request) => server.request(request),
            Message::Notification(notification) => {
                if notification.method == "exit" {
                    return if server.is_shut_down() { Exit::Fine } else { Exit::Findings };
                }
                if let Some(id) = cancellation(&Message::Notification(notification.clone())) {
                    // It came too late, and the request has been answered.
                    cancelled.remove(&id);
                }
                server.notification(notification);
            }
            // Answers to what the server asked for need no word.
            Message::Response(_) => {}
        }
    }
}

/// The request that a message cancels.
fn cancellation(message: &Message) -> Option<RequestId> {
    match message {
        Message::Notification(it) if it.method == "$/cancelRequest" => {
            serde_json::from_value(it.params.get("id")?.clone()).ok()
        }
        _ => None,
    }
}
