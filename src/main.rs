//! The binary: hands the arguments to the library on a thread whose stack holds any program, and turns what comes back into
//! an exit code. A panic anywhere in the process is a bug of ours: it is said so, and the process ends with 70.

use std::process::ExitCode;

use pipewright::exit::Exit;

/// Deeply nested programs are refused by the parser long before this is used up; it is for what the parser cannot know.
const STACK: usize = 512 << 20;

fn main() -> ExitCode {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(|it| format!(" at {}:{}", it.file(), it.line())).unwrap_or_default();
        let payload = panic.payload();
        let text = payload.downcast_ref::<&str>().copied();
        let what = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message");
        pipewright::output::talk(&format!(
            "this is a bug of pipewright, not of your program: {what}{place}\n\
             version {}; please report it with the program that shows it\n",
            env!("CARGO_PKG_VERSION")
        ));
        std::process::exit(Exit::Bug.code().into());
    }));
    let worker = std::thread::Builder::new().name("main".into()).stack_size(STACK).spawn(pipewright::cli::main);
    let exit = match worker.map(std::thread::JoinHandle::join) {
        Ok(Ok(exit)) => exit,
        Ok(Err(_)) => Exit::Bug,
        Err(error) => {
            pipewright::output::talk(&format!("cannot start a thread: {error}\n"));
            Exit::Bug
        }
    };
    ExitCode::from(exit.code())
}
