//! The state of a session, and which message is answered where.

use std::collections::BTreeMap;

use crossbeam_channel::Sender;
use lsp_server::{ErrorCode, Message, Notification, Request, Response};
use lsp_types::notification::{self as note, Notification as _};
use lsp_types::request::{self as ask, Request as _};
use lsp_types::{InitializeParams, InitializeResult, ServerInfo, Uri};
use serde_json::Value;

use super::documents::{self, Documents};
use super::programs::Programs;
use super::{
    actions, capabilities, completion, diagnostics, formatting, hints, hover, navigation, renaming, signature, symbols,
};

/// A session with an editor.
pub(super) struct Server {
    pub(super) documents: Documents,
    pub(super) programs: Programs,
    sender: Sender<Message>,
    state: State,
    /// The editor can be asked to watch files.
    watches: bool,
    /// The files with findings on the editor's screen.
    published: BTreeMap<String, Uri>,
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    /// Before `initialize`.
    New,
    Running,
    /// After `shutdown`.
    ShutDown,
}

/// Why a request has no result.
#[derive(Debug)]
pub(super) struct Refusal {
    code: ErrorCode,
    message: String,
}

impl Refusal {
    /// The request is right, but this cannot be done; the text says why.
    pub(super) fn because(message: impl Into<String>) -> Self {
        Self { code: ErrorCode::RequestFailed, message: message.into() }
    }
}

type Answer = Result<Value, Refusal>;

impl Server {
    pub(super) fn new(sender: Sender<Message>) -> Self {
        Self {
            documents: Documents::default(),
            programs: Programs::default(),
            sender,
            state: State::New,
            watches: false,
            published: BTreeMap::new(),
        }
    }

    pub(super) fn is_shut_down(&self) -> bool {
        self.state == State::ShutDown
    }

    pub(super) fn send(&self, message: Message) {
        // An editor that is gone is noticed by the reader.
        let _ = self.sender.send(message);
    }

    /// Answers a request.
    pub(super) fn request(&mut self, request: Request) {
        let answer = match (self.state, request.method.as_str()) {
            (State::New, ask::Initialize::METHOD) => self.with::<ask::Initialize>(request.params, Self::initialize),
            (State::New, _) => refuse(ErrorCode::ServerNotInitialized, "the first request is `initialize`"),
            (State::ShutDown, _) => refuse(ErrorCode::InvalidRequest, "the server was shut down"),
            (State::Running, ask::Initialize::METHOD) => refuse(ErrorCode::InvalidRequest, "initialized already"),
            (State::Running, ask::Shutdown::METHOD) => {
                self.state = State::ShutDown;
                Ok(Value::Null)
            }
            (State::Running, method) => self.feature(method, request.params),
        };
        self.send(Message::Response(match answer {
            Ok(value) => Response::new_ok(request.id, value),
            Err(refusal) => Response::new_err(request.id, refusal.code as i32, refusal.message),
        }));
    }

    fn feature(&mut self, method: &str, params: Value) -> Answer {
        match method {
            ask::Formatting::METHOD => self.with::<ask::Formatting>(params, formatting::format),
            ask::HoverRequest::METHOD => self.with::<ask::HoverRequest>(params, hover::hover),
            ask::Completion::METHOD => self.with::<ask::Completion>(params, completion::completion),
            ask::SignatureHelpRequest::METHOD => self.with::<ask::SignatureHelpRequest>(params, signature::help),
            ask::GotoDefinition::METHOD => self.with::<ask::GotoDefinition>(params, navigation::definition),
            ask::References::METHOD => self.with::<ask::References>(params, navigation::references),
            ask::DocumentHighlightRequest::METHOD => {
                self.with::<ask::DocumentHighlightRequest>(params, navigation::highlights)
            }
            ask::PrepareRenameRequest::METHOD => self.with::<ask::PrepareRenameRequest>(params, renaming::prepare),
            ask::Rename::METHOD => self.with::<ask::Rename>(params, renaming::perform),
            ask::DocumentSymbolRequest::METHOD => self.with::<ask::DocumentSymbolRequest>(params, symbols::document),
            ask::WorkspaceSymbolRequest::METHOD => self.with::<ask::WorkspaceSymbolRequest>(params, symbols::workspace),
            ask::FoldingRangeRequest::METHOD => self.with::<ask::FoldingRangeRequest>(params, symbols::folding),
            ask::InlayHintRequest::METHOD => self.with::<ask::InlayHintRequest>(params, hints::hints),
            ask::CodeActionRequest::METHOD => self.with::<ask::CodeActionRequest>(params, actions::actions),
            _ => refuse(ErrorCode::MethodNotFound, &format!("there is no request `{method}`")),
        }
    }

    /// Reads the parameters of a request, and answers it.
    fn with<R: ask::Request>(
        &mut self,
        params: Value,
        answer: impl FnOnce(&mut Self, R::Params) -> Result<R::Result, Refusal>,
    ) -> Answer {
        let params: R::Params = serde_json::from_value(params)
            .map_err(|error| Refusal { code: ErrorCode::InvalidParams, message: error.to_string() })?;
        let result = answer(self, params)?;
        serde_json::to_value(result)
            .map_err(|error| Refusal { code: ErrorCode::InternalError, message: error.to_string() })
    }

    fn initialize(&mut self, params: InitializeParams) -> Result<InitializeResult, Refusal> {
        let folders = params.workspace_folders.unwrap_or_default();
        self.programs.folders = folders.iter().map(|it| documents::path(&it.uri).into()).collect();
        let options = params.initialization_options.unwrap_or_default();
        let environment = options.get("environment").and_then(Value::as_str).filter(|it| !it.is_empty());
        self.programs.environment = environment.map(str::to_string);
        let watching = params.capabilities.workspace.and_then(|it| it.did_change_watched_files);
        self.watches = watching.and_then(|it| it.dynamic_registration).unwrap_or_default();
        self.state = State::Running;
        Ok(InitializeResult {
            capabilities: capabilities::capabilities(),
            server_info: Some(ServerInfo {
                name: "pipewright".into(),
                version: Some(env!("CARGO_PKG_VERSION").into()),
            }),
        })
    }

    /// Takes in a notification. One that is not known, or cannot be read, is nothing to answer.
    pub(super) fn notification(&mut self, notification: Notification) {
        if self.state != State::Running {
            return;
        }
        let params = notification.params;
        match notification.method.as_str() {
            note::Initialized::METHOD if self.watches => {
                let params = serde_json::to_value(capabilities::watchers()).unwrap_or_default();
                let method = ask::RegisterCapability::METHOD.to_string();
                self.send(Request { id: "watch".to_string().into(), method, params }.into());
            }
            note::DidOpenTextDocument::METHOD => read::<note::DidOpenTextDocument>(params, |it| {
                let document = it.text_document;
                self.documents.open(document.uri, document.version, document.text);
                self.programs.moved();
            }),
            note::DidChangeTextDocument::METHOD => read::<note::DidChangeTextDocument>(params, |it| {
                let document = it.text_document;
                if self.documents.change(&document.uri, document.version, it.content_changes) {
                    self.programs.edited();
                }
            }),
            note::DidCloseTextDocument::METHOD => read::<note::DidCloseTextDocument>(params, |it| {
                self.documents.close(&it.text_document.uri);
                self.programs.moved();
            }),
            note::DidSaveTextDocument::METHOD
            | note::DidChangeWatchedFiles::METHOD
            | note::DidChangeConfiguration::METHOD => self.programs.moved(),
            note::DidChangeWorkspaceFolders::METHOD => read::<note::DidChangeWorkspaceFolders>(params, |it| {
                let gone: Vec<_> = it.event.removed.iter().map(|it| documents::path(&it.uri)).collect();
                let folders = &mut self.programs.folders;
                folders.retain(|it| !gone.iter().any(|gone| it.as_path() == std::path::Path::new(gone)));
                folders.extend(it.event.added.iter().map(|it| documents::path(&it.uri).into()));
                self.programs.moved();
            }),
            _ => {}
        }
    }

    /// Shows a message that nobody should miss.
    pub(super) fn warn(&self, message: &str) {
        let params = lsp_types::ShowMessageParams { typ: lsp_types::MessageType::WARNING, message: message.into() };
        let method = note::ShowMessage::METHOD.to_string();
        if let Ok(params) = serde_json::to_value(params) {
            self.send(Notification { method, params }.into());
        }
    }

    /// Sends the findings, if something changed since the last time.
    pub(super) fn publish(&mut self) {
        if !self.programs.is_stale() {
            return;
        }
        let found = diagnostics::of(self.programs.refresh(&self.documents), &self.documents);
        let mut lists: BTreeMap<String, Option<lsp_types::PublishDiagnosticsParams>> =
            self.published.keys().map(|path| (path.clone(), None)).collect();
        lists.extend(found.into_iter().map(|(path, it)| (path, Some(it))));
        let mut published = BTreeMap::new();
        for (path, list) in lists {
            let params = match list {
                Some(params) => {
                    published.insert(path, params.uri.clone());
                    params
                }
                None => {
                    let Some(uri) = self.published.get(&path) else { continue };
                    lsp_types::PublishDiagnosticsParams::new(uri.clone(), vec![], None)
                }
            };
            let method = note::PublishDiagnostics::METHOD.to_string();
            if let Ok(params) = serde_json::to_value(params) {
                self.send(Notification { method, params }.into());
            }
        }
        self.published = published;
    }
}

fn refuse(code: ErrorCode, message: &str) -> Answer {
    Err(Refusal { code, message: message.into() })
}

fn read<N: note::Notification>(params: Value, take: impl FnOnce(N::Params)) {
    if let Ok(params) = serde_json::from_value(params) {
        take(params);
    }
}
