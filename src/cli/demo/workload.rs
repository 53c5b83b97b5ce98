//! What the demonstration does: processes whose behaviour is known, all on this machine's loopback.

use std::env;
use std::ffi::OsStr;
use std::ffi::OsString;
use std::fs;
use std::fs::File;
use std::hint;
use std::io;
use std::io::Read;
use std::io::Write;
use std::net::TcpListener;
use std::net::TcpStream;
use std::net::UdpSocket;
use std::process::Child;
use std::process::Command;
use std::process::ExitCode;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use super::PART;

/// The server's answer takes this long: the slow part that the report is to name.
const SERVICE: Duration = Duration::from_millis(30);

/// Between two requests.
const PAUSE: Duration = Duration::from_millis(5);

/// The spinner's share of a CPU: half.
const BUSY: Duration = Duration::from_millis(10);

const REQUEST: &[u8] = b"GET /orders HTTP/1.1\r\nHost: demo\r\n\r\n";
const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// Does the part of a name.
pub(super) fn part(name: &OsStr, rest: &[OsString]) -> ExitCode {
    let text = |at: usize| rest.get(at).and_then(|word| word.to_str());
    let seconds = text(0).and_then(|word| word.parse::<f64>().ok()).unwrap_or(1.0).clamp(0.1, 3600.0);
    let until = Instant::now() + Duration::from_secs_f64(seconds);
    let result = match name.to_str() {
        Some("all") => all(seconds),
        Some("server") => serve(until),
        Some("client") => client(text(1), until),
        Some("writer") => write(until),
        Some("sleeper") => sleep(until),
        Some("spinner") => spin(until),
        _ => Err(io::Error::other("the demonstration has no such part")),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("podtrace: demonstration: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Starts the parts and waits for them.
fn all(seconds: f64) -> io::Result<()> {
    let own = env::current_exe()?;
    let start = |name: &str, more: &[&str]| -> io::Result<Child> {
        Command::new(&own).args([PART, name, &seconds.to_string()]).args(more).spawn()
    };
    let mut server =
        Command::new(&own).args([PART, "server", &seconds.to_string()]).stdout(std::process::Stdio::piped()).spawn()?;
    let mut address = String::new();
    if let Some(stdout) = server.stdout.take() {
        io::BufRead::read_line(&mut io::BufReader::new(stdout), &mut address)?;
    }
    let mut parts = vec![server, start("client", &[address.trim()])?];
    for name in ["writer", "sleeper", "spinner"] {
        parts.push(start(name, &[])?);
    }
    for mut part in parts {
        part.wait()?;
    }
    Ok(())
}

/// Answers every request after a while.
fn serve(until: Instant) -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("{}", listener.local_addr()?);
    let (mut connection, _) = listener.accept()?;
    connection.set_read_timeout(Some(Duration::from_secs(1)))?;
    let mut request = [0; 256];
    while Instant::now() < until {
        match connection.read(&mut request) {
            Ok(0) | Err(_) => break,
            Ok(_) => {
                thread::sleep(SERVICE);
                connection.write_all(ANSWER)?;
            }
        }
    }
    Ok(())
}

/// Asks, and looks for two other servers that are not there; sends datagrams to itself.
fn client(address: Option<&str>, until: Instant) -> io::Result<()> {
    let address = address.ok_or_else(|| io::Error::other("the client was not told where the server is"))?;
    let mut connection = TcpStream::connect(address)?;
    let nobody = {
        let taken = TcpListener::bind("127.0.0.1:0")?;
        taken.local_addr()?
    };
    let datagrams = UdpSocket::bind("127.0.0.1:0")?;
    let itself = datagrams.local_addr()?;
    let mut answer = [0; 256];
    let mut rounds = 0_u32;
    while Instant::now() < until {
        connection.write_all(REQUEST)?;
        if connection.read(&mut answer)? == 0 {
            break;
        }
        datagrams.send_to(b"beat", itself)?;
        datagrams.recv_from(&mut answer)?;
        if rounds.is_multiple_of(7) {
            let _refused = TcpStream::connect(nobody);
        }
        rounds += 1;
        thread::sleep(PAUSE);
    }
    Ok(())
}

/// Writes a journal and reads it back; the file is removed at the end.
fn write(until: Instant) -> io::Result<()> {
    let path = env::temp_dir().join(format!("podtrace-demo-{}.journal", std::process::id()));
    let result = journal(&path, until);
    fs::remove_file(&path)?;
    result
}

fn journal(path: &std::path::Path, until: Instant) -> io::Result<()> {
    let mut journal = File::create(path)?;
    let line = [b'.'; 512];
    while Instant::now() < until {
        for _ in 0..16 {
            journal.write_all(&line)?;
        }
        journal.sync_all()?;
        fs::read(path)?;
        let _missing = File::open(path.with_extension("missing"));
        thread::sleep(PAUSE);
    }
    Ok(())
}

/// Does nothing, for as long as it can.
fn sleep(until: Instant) -> io::Result<()> {
    thread::sleep(until.saturating_duration_since(Instant::now()));
    Ok(())
}

/// Uses half a CPU.
fn spin(until: Instant) -> io::Result<()> {
    while Instant::now() < until {
        let busy = Instant::now();
        while busy.elapsed() < BUSY {
            hint::spin_loop();
        }
        thread::sleep(BUSY);
    }
    Ok(())
}
