//! usage: defmt-log IMAGE < bytes

use std::error::Error;
use std::io::{Read, Write};
use std::{env, fs, io};

use defmt_decoder::{DecodeError, Table};

fn main() -> Result<(), Box<dyn Error>> {
    let image = env::args_os().nth(1).ok_or("usage: defmt-log IMAGE")?;
    let table = Table::parse(&fs::read(image)?)?.ok_or("no defmt in this image")?;
    let mut decoder = table.new_stream_decoder();
    let (mut input, mut output) = (io::stdin().lock(), io::stdout().lock());
    let mut bytes = [0; 1_024];
    loop {
        let n = input.read(&mut bytes)?;
        if n == 0 {
            return Ok(());
        }
        decoder.received(&bytes[..n]);
        loop {
            match decoder.decode() {
                Ok(frame) => {
                    let level = frame.level().map_or("", |level| level.as_str()).to_uppercase();
                    writeln!(output, "{level:5} {}", frame.display_message())?;
                    output.flush()?;
                }
                Err(DecodeError::UnexpectedEof) => break,
                Err(error @ DecodeError::Malformed) => {
                    writeln!(output, "{error}")?;
                    if !table.encoding().can_recover() {
                        return Err(error.into());
                    }
                }
            }
        }
    }
}
