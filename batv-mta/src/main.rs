//! `batvd`: bounce address tags beside a mail server.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use batv_mta::server::{self, Failure};
use batv_mta::settings::Settings;
use clap::{Parser, Subcommand};

/// Tags outgoing mail and judges incoming bounces, beside Postfix, Sendmail and others.
#[derive(Debug, Parser)]
#[command(name = "batvd", version, about)]
struct Options {
    /// The configuration file.
    #[arg(short, long, value_name = "FILE", default_value = "/etc/batv/batvd.toml", global = true)]
    config: PathBuf,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Clone, Copy, Debug, Subcommand)]
enum Command {
    /// Say whether the configuration and its keyring can be used, and nothing else.
    Check,
    /// Run as OpenSMTPD's filter, on standard input and output.
    Filter,
    /// Run in the foreground: what happens without a command.
    Run,
}

fn main() -> ExitCode {
    let options = Options::parse();
    let outcome = match options.command {
        Some(Command::Check) => Settings::load(&options.config).map(drop).map_err(|error| error.to_string()),
        Some(Command::Filter) => run(server::filter(&options.config)),
        Some(Command::Run) | None => run(server::run(&options.config)),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("batvd: {message}");
            ExitCode::from(2)
        }
    }
}

fn run(server: impl Future<Output = Result<(), Failure>>) -> Result<(), String> {
    // The journal, or whoever reads standard error, knows the time.
    tracing_subscriber::fmt().with_writer(io::stderr).with_ansi(false).without_time().with_target(false).init();
    let runtime = tokio::runtime::Runtime::new().map_err(|error| error.to_string())?;
    runtime.block_on(server).map_err(|error| error.to_string())
}
