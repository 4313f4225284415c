//! `parse-counts LEVEL MESSAGE N`: works N times on one message, for a tool that counts from outside.
//!
//! `benches/parse_counts.sh` runs it under one, with two values of N: the difference is the work, without what the
//! program costs by itself.

use std::fs;
use std::hint::black_box;

use benches::levels::Level;
use benches::messages;
use bytes::Bytes;
use clap::Parser;
use sip_core::Limits;

#[derive(Parser)]
#[command(name = "parse-counts", about = "Reads one message many times", version)]
struct Cli {
    /// How much to do with it.
    #[arg(value_enum, ignore_case = true)]
    level: Level,
    /// A file with one message, or the name of one in `src/messages.rs`.
    message: String,
    /// How often.
    times: usize,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let cli = Cli::parse();
    let own = messages::ALL.into_iter().find(|(name, _)| *name == cli.message);
    let wire: Bytes = match own {
        Some((_, text)) => text.into(),
        None => fs::read(&cli.message).map_err(|error| format!("{}: {error}", cli.message))?.into(),
    };
    let limits = Limits::default();
    let mut seen = 0usize;
    for _ in 0..cli.times {
        seen = seen.wrapping_add(cli.level.run(black_box(wire.clone()), &limits)?);
    }
    black_box(seen);
    Ok(())
}
