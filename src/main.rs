//! The `podtrace` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    podtrace::cli::main()
}
