//! SIGINT and SIGTERM while a program runs: the first asks the run to drain and end, the second ends the process.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use pipewright_runtime::run::StopSignal;
use tokio::signal::unix::{SignalKind, signal};

use crate::exit::Exit;
use crate::output;

const INTERRUPTED: u8 = 1;
const TERMINATED: u8 = 2;

/// Listens from now on, on a thread of its own. A run that was asked to end and did is fine: it ends with 0.
pub fn watch(stop: Arc<StopSignal>) -> std::io::Result<()> {
    let seen = AtomicU8::new(0);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    std::thread::Builder::new().name("signals".into()).spawn(move || {
        runtime.block_on(async move {
            let (Ok(mut interrupt), Ok(mut terminate)) =
                (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
            else {
                return;
            };
            loop {
                let which = tokio::select! {
                    _ = interrupt.recv() => INTERRUPTED,
                    _ = terminate.recv() => TERMINATED,
                };
                if seen.compare_exchange(0, which, Ordering::SeqCst, Ordering::SeqCst).is_err() {
                    let exit = if which == INTERRUPTED { Exit::Interrupted } else { Exit::Terminated };
                    std::process::exit(exit.code().into());
                }
                output::talk("stopping: what was read is stored first; once more ends at once\n");
                stop.request();
            }
        });
    })?;
    Ok(())
}
