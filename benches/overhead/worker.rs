//! A generator at work: starting it, asking it.

use std::env;
use std::io::BufRead;
use std::io::BufReader;
use std::io::Write;
use std::path::Path;
use std::process::Child;
use std::process::ChildStdin;
use std::process::ChildStdout;
use std::process::Command;
use std::process::Stdio;
use std::time::Duration;

use anyhow::Context;

use crate::generator;
use crate::operation::Operation;

/// A generator, which ends with this value.
pub(crate) struct Worker {
    child: Child,
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    /// Operations it did since [`Worker::forget`].
    done: Vec<(Operation, u64)>,
}

impl Worker {
    /// Starts one that reads a file.
    pub(crate) fn start(file: &Path) -> anyhow::Result<Self> {
        let mut child = Command::new(env::current_exe()?)
            .arg(generator::PART)
            .arg(file)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start a generator")?;
        let orders = child.stdin.take();
        let answers = child.stdout.take().context("the generator has no standard output")?;
        let mut worker = Self { child, orders, answers: BufReader::new(answers), done: Vec::new() };
        // It has opened everything, and all its code has run, when it has answered.
        for operation in Operation::ALL {
            worker.measure(operation)?;
        }
        worker.forget();
        Ok(worker)
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    fn send(&mut self, order: &str) -> anyhow::Result<()> {
        let orders = self.orders.as_mut().context("the generator has been dismissed")?;
        writeln!(orders, "{order}").context("the generator does not listen")
    }

    fn receive(&mut self) -> anyhow::Result<Vec<u64>> {
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        let numbers: Result<Vec<u64>, _> = line.split_whitespace().map(str::parse).collect();
        let numbers = numbers.with_context(|| format!("the generator said `{line}`"))?;
        anyhow::ensure!(!numbers.is_empty(), "the generator has ended");
        Ok(numbers)
    }

    /// Has it do an operation for some milliseconds; the CPU time of one, in nanoseconds.
    pub(crate) fn measure(&mut self, operation: Operation) -> anyhow::Result<f64> {
        self.send(&format!("measure {} {}", operation.word(), operation.turns()))?;
        let took = self.receive()?[0];
        let operations = operation.turns() * operation.a_turn();
        self.done.push((operation, operations));
        Ok(took as f64 / operations as f64)
    }

    /// How often it did an operation.
    pub(crate) fn done(&self, operation: Operation) -> u64 {
        self.done.iter().filter(|(done, _)| *done == operation).map(|(_, count)| count).sum()
    }

    /// Begins to count anew.
    pub(crate) fn forget(&mut self) {
        self.done.clear();
    }

    /// Has it read one byte as often as it can, or at a pace: how often it did, and for how long.
    pub(crate) fn flood(&mut self, threads: u64, pace: u64, length: Duration) -> anyhow::Result<(u64, Duration)> {
        self.send(&format!("flood {threads} {pace} {}", length.as_millis()))?;
        match self.receive()?[..] {
            [calls, took] => Ok((calls, Duration::from_nanos(took))),
            _ => anyhow::bail!("the generator answered something else than asked"),
        }
    }

    /// Lets it begin to read one byte a millisecond.
    pub(crate) fn begin_stamps(&mut self, length: Duration) -> anyhow::Result<()> {
        self.send(&format!("stamps {}", length.as_millis()))
    }

    /// When it read what [`Worker::begin_stamps`] began: monotonic, in nanoseconds.
    pub(crate) fn stamps(&mut self) -> anyhow::Result<Vec<u64>> {
        self.receive()
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.orders = None;
        let _ = self.child.wait();
    }
}
