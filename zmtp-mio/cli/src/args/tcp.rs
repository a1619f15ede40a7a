//! Settings of TCP connections.

#![expect(clippy::doc_markdown, reason = "help texts have no ticks")]

use core::time::Duration;

use clap::Args;
use zmtp_mio::{Device, Dgram, Keepalive, Tcp, Udp};

use crate::exit::Failure;
use crate::{duration, size};

/// Options of TCP, with their names in ZeroMQ.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "TCP")]
pub(crate) struct TcpArgs {
    /// Listen on IPv6 too, if the host is `*` (IPV6); connecting uses IPv6 in any case
    #[arg(long)]
    ipv6: bool,

    /// Listen and connect through this network device (BINDTODEVICE); Linux only
    #[arg(long, value_name = "NAME", value_parser = device)]
    device: Option<(String, Device)>,

    /// Type of service, or with IPv6 traffic class, of sent packets (TOS): 0 to 255
    #[arg(long, value_name = "N")]
    tos: Option<u8>,

    /// Priority of sent packets in the system (PRIORITY); Linux only
    #[arg(long, value_name = "N")]
    priority: Option<u32>,

    /// Connections that can wait to be accepted (BACKLOG); default 4096
    #[arg(long, value_name = "N")]
    backlog: Option<u16>,

    /// Send buffer of the system, in bytes (SNDBUF): 64k, 1M
    #[arg(long, value_name = "SIZE", value_parser = buffer)]
    send_buffer: Option<usize>,

    /// Receive buffer of the system, in bytes (RCVBUF): 64k, 1M
    #[arg(long, value_name = "SIZE", value_parser = buffer)]
    receive_buffer: Option<usize>,

    /// Time limit for connecting, if it is shorter than --handshake-timeout (CONNECT_TIMEOUT)
    #[arg(long, value_name = "DURATION", value_parser = duration::parse)]
    connect_timeout: Option<Duration>,

    /// How long sent data may stay unacknowledged (TCP_MAXRT); Linux only
    #[arg(long, value_name = "DURATION", value_parser = duration::parse)]
    max_retransmit: Option<Duration>,

    /// How long the system polls the device before a read waits (BUSY_POLL); Linux only
    #[arg(long, value_name = "DURATION", value_parser = duration::parse)]
    busy_poll: Option<Duration>,

    /// Idle time before keep-alive probes (TCP_KEEPALIVE_IDLE); probes are off without this option
    #[arg(long, value_name = "DURATION", value_parser = duration::parse)]
    keepalive: Option<Duration>,

    /// Time between keep-alive probes (TCP_KEEPALIVE_INTVL)
    #[arg(long, value_name = "DURATION", value_parser = duration::parse, requires = "keepalive")]
    keepalive_interval: Option<Duration>,

    /// Keep-alive probes without an answer that end a connection (TCP_KEEPALIVE_CNT)
    #[arg(long, value_name = "N", requires = "keepalive")]
    keepalive_count: Option<u32>,
}

impl TcpArgs {
    /// The options of the library.
    pub(super) fn options(&self) -> Tcp {
        let keepalive = self.keepalive.map(|idle| {
            let keepalive = Keepalive::default().idle(idle);
            keepalive.interval(self.keepalive_interval).count(self.keepalive_count)
        });
        let tcp = Tcp::default();
        tcp.ipv6(self.ipv6)
            .backlog(self.backlog.unwrap_or(tcp.backlog))
            .device(self.device())
            .tos(self.tos)
            .priority(self.priority)
            .send_buffer(self.send_buffer)
            .receive_buffer(self.receive_buffer)
            .connect_timeout(self.connect_timeout)
            .max_retransmit(self.max_retransmit)
            .busy_poll(self.busy_poll)
            .keepalive(keepalive)
    }

    /// The failure if sockets cannot use the device. A socket that connects would try again without end.
    pub(super) fn check_device(&self) -> Result<(), Failure> {
        let Some((name, device)) = &self.device else { return Ok(()) };
        // A socket that sends nothing.
        let bound = Dgram::builder().udp(Udp::default().device(*device)).bind("udp://127.0.0.1:*");
        bound
            .map(drop)
            .map_err(|error| Failure::Local { option: format!("--device {name}"), error })
    }

    fn device(&self) -> Option<Device> {
        self.device.as_ref().map(|(_, device)| *device)
    }

    /// The options that UDP has too.
    pub(super) fn udp(&self) -> Udp {
        Udp::default()
            .ipv6(self.ipv6)
            .device(self.device())
            .tos(self.tos)
            .send_buffer(self.send_buffer)
            .receive_buffer(self.receive_buffer)
    }
}

/// A device, with its name for errors.
fn device(name: &str) -> Result<(String, Device), &'static str> {
    let device = Device::new(name).ok_or("expected the name of a device, of 1 to 15 bytes")?;
    Ok((name.into(), device))
}

fn buffer(text: &str) -> Result<usize, String> {
    usize::try_from(size::parse(text)?).map_err(|_| "too large".into())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        tcp: TcpArgs,
    }

    fn args(line: &str) -> Result<TcpArgs, String> {
        let line =
            Line::try_parse_from([&["zmtp"], &*line.split(' ').collect::<Vec<_>>()].concat());
        line.map(|line| line.tcp).map_err(|error| error.to_string())
    }

    fn options(line: &str) -> Result<Tcp, String> {
        args(line).map(|tcp| tcp.options())
    }

    #[test]
    fn each_flag_reaches_its_option() {
        let line = "--ipv6 --device eth0 --tos 184 --priority 6 --backlog 9 --send-buffer 64k \
            --receive-buffer 1M --connect-timeout 2s --max-retransmit 3s --busy-poll 50ms --keepalive 1m \
            --keepalive-interval 5s --keepalive-count 4";
        let second = Duration::from_secs(1);
        let keepalive = Keepalive::default().idle(60 * second).interval(5 * second).count(4);
        let expected = Tcp::default()
            .ipv6(true)
            .device(Device::new("eth0"))
            .tos(184)
            .priority(6)
            .backlog(9)
            .send_buffer(65_536)
            .receive_buffer(1 << 20)
            .connect_timeout(2 * second)
            .max_retransmit(3 * second)
            .busy_poll(Duration::from_millis(50))
            .keepalive(keepalive);
        let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(options(&line), Ok(expected));
        let expected = Udp::default()
            .ipv6(true)
            .device(Device::new("eth0"))
            .tos(184)
            .send_buffer(65_536)
            .receive_buffer(1 << 20);
        assert_eq!(args(&line).map(|tcp| tcp.udp()), Ok(expected));
        assert!(options("--keepalive-count 4").unwrap_err().contains("--keepalive"));
        assert!(options("--device 0123456789abcdef").unwrap_err().contains("15 bytes"));
    }

    #[test]
    fn without_flags_the_options_are_those_of_the_library() {
        let line = Line::try_parse_from(["zmtp"]).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(line.tcp.options(), Tcp::default());
    }
}
