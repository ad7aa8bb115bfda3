//! Which of several instances runs a source: the member of the source's group that has the partition of the cursors.
//!
//! The group is only for liveness, so that one instance takes over when another ends; what keeps two from writing is the
//! transactional id ([`super::ingest`]). Nothing is ever read through it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::cursor::POSITIONS;
use super::errors::{ReaderError, TWIN};
use super::reader::{ReaderConfig, ReaderEvent, StageReader};
use super::spec::KafkaConnection;
use crate::report::{Observer, RunError};

/// The lease of a source.
pub struct SourceLease {
    reader: StageReader,
    held: bool,
}

impl SourceLease {
    /// Asks for the lease. `transactional_id` is the source's, and names the group. The topic of the cursors must be there.
    pub fn join(
        connection: &KafkaConnection,
        connection_name: &str,
        transactional_id: &str,
        state_dir: Option<PathBuf>,
        observer: Arc<dyn Observer>,
    ) -> Result<Self, RunError> {
        let reader = StageReader::new(ReaderConfig {
            connection: connection.clone(),
            connection_name: connection_name.to_string(),
            group: transactional_id.to_string(),
            topics: vec![POSITIONS.to_string()],
            partitions: 1,
            state_dir,
            observer,
        })?;
        Ok(Self { reader, held: false })
    }

    /// Hears what the group says, for up to `timeout`; true while the lease is held. When it has just gone, end the open
    /// transaction and call again, within five seconds.
    pub fn poll(&mut self, timeout: Duration) -> Result<bool, ReaderError> {
        // A revoke that was told last time is over once the owner comes back here.
        self.reader.revoked_done();
        match self.reader.poll(timeout, 1) {
            ReaderEvent::Assigned(_) => self.held = true,
            ReaderEvent::Revoked(_) | ReaderEvent::Lost(_) => self.held = false,
            ReaderEvent::Failed(error) if error.name == TWIN && self.rejoin()? => self.held = false,
            ReaderEvent::Failed(error) => return Err(error),
            ReaderEvent::Idle | ReaderEvent::Records(_) => {}
        }
        Ok(self.held)
    }

    fn rejoin(&mut self) -> Result<bool, ReaderError> {
        self.reader.rejoin().map_err(ReaderError::from)
    }

    /// Whether the lease was held when it was last polled.
    pub fn is_held(&self) -> bool {
        self.held
    }

    /// Gives the lease up.
    pub fn close(self) {
        self.reader.close();
    }
}
