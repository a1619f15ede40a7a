//! A REP server and a REQ client exchange messages over TCP and IPC; prints round-trip times.
//! Run it with `cargo demo`.

use std::error::Error;
use std::thread;
use std::time::{Duration, Instant};

use zmtp_mio::{Rep, Req};

const ROUNDS: usize = 10_000;
const WARM_UP: usize = 500;
const TIMEOUT: Duration = Duration::from_secs(5);

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::temp_dir().join(format!("zmtp-demo-{}.sock", std::process::id()));
    let mut rep = Rep::builder().bind("tcp://127.0.0.1:*")?;
    if cfg!(unix) {
        rep.bind(format!("ipc://{}", path.display()))?;
    }
    let endpoints: Vec<_> = rep.endpoints().map(|endpoint| endpoint.to_string()).collect();
    let stop = rep.handle()?;
    let server = thread::spawn(move || serve(rep));

    println!("{:<40} {:>7} {:>10} {:>10} {:>10}", "endpoint", "bytes", "p50 µs", "p99 µs", "per s");
    for endpoint in &endpoints {
        let mut req = Req::builder().connect(endpoint)?;
        for size in [1, 64, 1_024, 65_536] {
            measure(&mut req, endpoint, size)?;
        }
    }
    stop.stop()?;
    let answered = server.join().map_err(|_| "the server panicked")??;
    let asked = endpoints.len() * 4 * (ROUNDS + WARM_UP);
    println!("{answered} of {asked} requests answered");
    if answered == asked { Ok(()) } else { Err("requests went unanswered".into()) }
}

/// Echoes requests until it is stopped; returns their number.
fn serve(mut rep: Rep) -> Result<usize, zmtp_mio::Error> {
    for answered in 0.. {
        match rep.recv() {
            Ok(request) => rep.send(request)?,
            Err(zmtp_mio::Error::Stopped) => return Ok(answered),
            Err(error) => return Err(error),
        }
    }
    Ok(usize::MAX)
}

fn measure(req: &mut Req, endpoint: &str, size: usize) -> Result<(), Box<dyn Error>> {
    let body = vec![b'x'; size];
    let mut times = Vec::with_capacity(ROUNDS);
    for _ in 0..WARM_UP + ROUNDS {
        let start = Instant::now();
        let reply = req.request(&body[..], TIMEOUT)?.ok_or("no reply in time")?;
        times.push(start.elapsed());
        if reply.bytes().unwrap() != body {
            return Err("the reply is not the request".into());
        }
    }
    let times = &mut times[WARM_UP..];
    let total: Duration = times.iter().sum();
    times.sort_unstable();
    let micros = |time: Duration| time.as_secs_f64() * 1e6;
    println!(
        "{endpoint:<40} {size:>7} {:>10.1} {:>10.1} {:>10.0}",
        micros(times[ROUNDS / 2]),
        micros(times[ROUNDS * 99 / 100]),
        ROUNDS as f64 / total.as_secs_f64(),
    );
    Ok(())
}
