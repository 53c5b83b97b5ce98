//! Ping-pongs: over UDP and TCP by one thread that has both ends, and through pipes by two threads on one CPU.

use std::io;
use std::io::Read;
use std::io::Write;
use std::net::SocketAddr;
use std::net::TcpListener;
use std::net::TcpStream;
use std::net::UdpSocket;
use std::thread;

use super::stay_on;
use super::timed_cpu;

const BYTES: usize = 64;

/// Both ends of everything.
pub(super) struct Pings {
    datagrams: [(UdpSocket, SocketAddr); 2],
    streams: [TcpStream; 2],
    to_partner: io::PipeWriter,
    from_partner: io::PipeReader,
}

impl Pings {
    /// Opens everything, and starts the thread at the pipes' other ends.
    pub(super) fn new() -> io::Result<Self> {
        let cpu = timed_cpu()?;
        stay_on(cpu)?;
        let first = UdpSocket::bind("127.0.0.1:0")?;
        let second = UdpSocket::bind("127.0.0.1:0")?;
        let (to_first, to_second) = (first.local_addr()?, second.local_addr()?);
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let client = TcpStream::connect(listener.local_addr()?)?;
        let (server, _) = listener.accept()?;
        for stream in [&client, &server] {
            stream.set_nodelay(true)?;
        }
        let (mut partner_reads, to_partner) = io::pipe()?;
        let (from_partner, mut partner_writes) = io::pipe()?;
        thread::spawn(move || -> io::Result<()> {
            stay_on(cpu)?;
            let mut byte = [0];
            loop {
                partner_reads.read_exact(&mut byte)?;
                partner_writes.write_all(&byte)?;
            }
        });
        Ok(Self {
            datagrams: [(first, to_second), (second, to_first)],
            streams: [client, server],
            to_partner,
            from_partner,
        })
    }

    /// There and back, each sent and received.
    pub(super) fn datagrams(&self, turns: u64) -> io::Result<()> {
        let [(first, to_second), (second, to_first)] = &self.datagrams;
        let mut buffer = [7; BYTES];
        for _ in 0..turns {
            first.send_to(&buffer, to_second)?;
            second.recv_from(&mut buffer)?;
            second.send_to(&buffer, to_first)?;
            first.recv_from(&mut buffer)?;
        }
        Ok(())
    }

    /// There and back, each sent and received.
    pub(super) fn streams(&mut self, turns: u64) -> io::Result<()> {
        let [client, server] = &mut self.streams;
        let mut buffer = [7; BYTES];
        for _ in 0..turns {
            client.write_all(&buffer)?;
            server.read_exact(&mut buffer)?;
            server.write_all(&buffer)?;
            client.read_exact(&mut buffer)?;
        }
        Ok(())
    }

    /// To the partner and back.
    pub(super) fn switches(&mut self, turns: u64) -> io::Result<()> {
        let mut byte = [7];
        for _ in 0..turns {
            self.to_partner.write_all(&byte)?;
            self.from_partner.read_exact(&mut byte)?;
        }
        Ok(())
    }
}
