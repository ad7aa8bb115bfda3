//! Why a database did not do one statement, by what is to be done about it.

use crate::sinks::{DatabaseError, StageContext};

/// Why a statement failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The row is at fault.
    Data(String),
    /// The row is at fault if others go through without it; if none does, something else is.
    Doubtful {
        /// What the database said of the row.
        reason: String,
        /// What it means if the row is not at fault.
        otherwise: Box<Failure>,
    },
    /// A deadlock or the like: nothing was stored, the same again at once will do.
    Conflict(String),
    /// Out of reach or out of space: the same again later will do. Whether a commit has happened is unknown.
    Unavailable(String),
    /// Only the user can mend it.
    Configuration {
        /// The stable name.
        name: &'static str,
        /// What is wrong.
        message: String,
        /// What to do.
        help: Option<String>,
        /// The sink, by index in the stage.
        sink: Option<usize>,
    },
    /// Another owner has the partition: index of the topic, partition.
    Fenced(u16, i32),
}

impl Failure {
    /// Something only the user can mend.
    pub fn configuration(name: &'static str, message: impl Into<String>, help: Option<String>) -> Self {
        Self::Configuration { name, message: message.into(), help, sink: None }
    }

    /// The same, about that sink.
    pub fn of_sink(mut self, index: usize) -> Self {
        match &mut self {
            Self::Configuration { sink, .. } => *sink = Some(index),
            Self::Doubtful { otherwise, .. } => {
                if let Self::Configuration { sink, .. } = otherwise.as_mut() {
                    *sink = Some(index);
                }
            }
            _ => {}
        }
        self
    }

    /// What it means when no row is at fault.
    pub fn settled(self) -> Self {
        match self {
            Self::Doubtful { otherwise, .. } => *otherwise,
            other => other,
        }
    }

    /// After it the connection cannot be used again.
    pub fn breaks_connection(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }

    /// As the caller hears it.
    pub fn into_error(self, context: &StageContext) -> DatabaseError {
        match self {
            Self::Data(reason) => DatabaseError::Configuration {
                name: "refused",
                message: format!("connection `{}` refused to store an epoch: {reason}", context.connection),
                help: None,
                sink: None,
            },
            Self::Doubtful { otherwise, .. } => otherwise.into_error(context),
            Self::Conflict(why) | Self::Unavailable(why) => DatabaseError::Unavailable(why),
            Self::Configuration { name, message, help, sink } => {
                DatabaseError::Configuration { name, message, help, sink }
            }
            Self::Fenced(topic, partition) => {
                DatabaseError::Fenced { topic: context.topic(topic).to_string(), partition }
            }
        }
    }
}
