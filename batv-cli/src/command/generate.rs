//! `batv generate`

use std::fs;
use std::io::{self, Write};

use clap::CommandFactory;

use crate::cli::{Cli, Completions, Generated, Man};
use crate::error::Error;

pub(crate) fn run(what: &Generated) -> Result<(), Error> {
    match what {
        Generated::Man(arguments) => man(arguments),
        Generated::Completions(arguments) => completions(arguments),
    }
}

fn man(arguments: &Man) -> Result<(), Error> {
    let mut program = Cli::command();
    if let Some(directory) = &arguments.out {
        let in_directory = |source| Error::File { path: directory.clone(), source };
        fs::create_dir_all(directory).map_err(in_directory)?;
        return clap_mangen::generate_to(program, directory).map_err(in_directory);
    }
    program.build();
    let mut command = &program;
    for name in &arguments.command {
        let unknown =
            || Error::Usage(format!("no subcommand {name} of {}", command.get_display_name().unwrap_or("batv")));
        command = command.find_subcommand(name).ok_or_else(unknown)?;
    }
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone()).render(&mut page).map_err(Error::Output)?;
    print(&page)
}

fn completions(arguments: &Completions) -> Result<(), Error> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Cli::command(), "batv", &mut script);
    print(&script)
}

fn print(octets: &[u8]) -> Result<(), Error> {
    io::stdout().write_all(octets).map_err(Error::Output)
}
