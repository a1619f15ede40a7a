//! Writes the tables and the plot into the repository.

use std::fs;
use std::path::Path;

use super::{costs, full, plot, table};
use crate::parent::{Costs, Results, cost_cases};
use crate::{Failure, Result, rows};

/// What surrounds the generated part of the README.
const BEGIN: &str = "<!-- begin: cargo speed publish -->\n";
const END: &str = "<!-- end -->\n";

/// Reads `quick.tsv`, `costs.tsv` and, if it exists, `full.tsv` in the folder of results. Writes the plot
/// `speed.svg`, `quick.md` and `full.md` there, and the plot into the README of the workspace.
///
/// # Errors
///
/// A file is missing or wrong, or the README has no place for the plot.
pub fn publish(workspace: &Path) -> Result {
    let folder = workspace.join("zmtp-mio/bench/results");
    let quick = Results::read(&folder.join("quick.tsv"))?;
    let cost = Costs::read(&folder.join("costs.tsv"))?;
    let rows = rows::table();
    fs::write(folder.join("speed.svg"), plot(&rows, &quick))?;
    let tables = format!(
        "# The table\n\n{}\n{}\n\n{}\n",
        about(&quick.about),
        table(&rows, &quick, false, None),
        costs(&cost_cases(), &cost),
    );
    fs::write(folder.join("quick.md"), format!("{}\n", tables.trim_end()))?;
    let text = format!(
        "![Times as fast as libzmq, per measurement](zmtp-mio/bench/results/speed.svg)\n\n{}",
        about(&quick.about),
    );
    let readme = workspace.join("README.md");
    let replaced = replace(&fs::read_to_string(&readme)?, &text)?;
    fs::write(readme, replaced)?;
    let all = folder.join("full.tsv");
    if all.exists() {
        let results = Results::read(&all)?;
        let text = format!(
            "# All measurements\n\n{}\n{}",
            about(&results.about),
            full(&rows::full(), &results)
        );
        fs::write(folder.join("full.md"), text)?;
    }
    Ok(())
}

/// The machine and the versions, as one sentence.
fn about(lines: &[String]) -> String {
    format!("Measured on {}.\n", lines.join("; "))
}

/// The README with another generated part.
fn replace(readme: &str, text: &str) -> Result<String> {
    let place = readme.split_once(BEGIN).and_then(|(before, rest)| {
        let (_, after) = rest.split_once(END)?;
        Some((before, after))
    });
    let (before, after) = place.ok_or_else(|| Failure::from("README.md has no generated part"))?;
    Ok(format!("{before}{BEGIN}\n{}\n\n{END}{after}", text.trim_end()))
}

#[cfg(test)]
mod tests {
    use super::{BEGIN, END, replace};

    #[test]
    fn only_the_generated_part_is_replaced() {
        let readme = format!("before\n{BEGIN}old\n{END}after\n");
        let new = replace(&readme, "new\n").unwrap();
        assert_eq!(new, format!("before\n{BEGIN}\nnew\n\n{END}after\n"));
        assert_eq!(replace(&new, "new").unwrap(), new);
        assert!(replace("nothing", "new").is_err());
    }
}
