//! libzmq, with default options: no timeouts, and linger without a limit.

use zmtp_interop::libzmq::{self, Context, Frame, option};

use super::{Kind, Library, Socket};
use crate::Result;
use crate::work::number;

/// libzmq.
#[derive(Debug)]
pub struct Libzmq(Context);

impl Library for Libzmq {
    type Socket = libzmq::Socket;

    fn start() -> Result<Self> {
        Ok(Self(Context::new()?))
    }

    fn open(&self, kind: Kind, _spins: bool) -> Result<libzmq::Socket> {
        let socket = self.0.socket(match kind {
            Kind::Req => libzmq::Kind::Req,
            Kind::Rep => libzmq::Kind::Rep,
            Kind::Push => libzmq::Kind::Push,
            Kind::Pull => libzmq::Kind::Pull,
            Kind::Dealer => libzmq::Kind::Dealer,
            Kind::Router => libzmq::Kind::Router,
            Kind::Pub => libzmq::Kind::Pub,
            Kind::Sub => libzmq::Kind::Sub,
        })?;
        // The wrapper sets both.
        socket.set_timeout(None)?;
        socket.set_i32(option::LINGER, -1)?;
        if kind == Kind::Pub {
            socket.set_i32(option::XPUB_NODROP, 1)?;
        }
        Ok(socket)
    }
}

impl Socket for libzmq::Socket {
    fn bind(&mut self, endpoint: &str) -> Result<String> {
        Self::bind(self, endpoint)?;
        Ok(self.last_endpoint())
    }

    fn connect(&mut self, endpoint: &str) -> Result {
        Ok(Self::connect(self, endpoint)?)
    }

    fn subscribe(&mut self, topic: &[u8]) -> Result {
        Ok(self.set_bytes(option::SUBSCRIBE, topic)?)
    }

    fn send(&mut self, body: &[u8]) -> Result {
        Ok(self.send_frame(Frame::with_bytes(body)?, false)?)
    }

    fn recv(&mut self) -> Result<usize> {
        let mut bytes = 0;
        loop {
            let frame = self.recv_frame()?;
            bytes += frame.bytes().len();
            if !frame.more() {
                return Ok(bytes);
            }
        }
    }

    fn recv_number(&mut self) -> Result<u64> {
        number(self.recv_frame()?.bytes())
    }

    fn echo(&mut self) -> Result {
        loop {
            let frame = self.recv_frame()?;
            let more = frame.more();
            self.send_frame(frame, more)?;
            if !more {
                return Ok(());
            }
        }
    }
}
