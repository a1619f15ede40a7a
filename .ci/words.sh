#!/bin/sh
# Prints file:line for each word that CONTRIBUTING.md ("Language") rules out, and fails if there is one.
# Looks at comments, texts and test names of *.rs, and at all of *.md, *.sh, *.py and *.toml.
#
# Exempt: what was recorded from libzmq (tests/vectors), OCTET in quoted grammars, "octet" in quotes, code in
# *.md, and this file.
set -eu
cd "$(dirname "$0")/.."
git ls-files -- '*.rs' '*.md' '*.sh' '*.py' '*.toml' ':!tests/vectors' ':!.ci/words.sh' |
  xargs perl -e '
    # Whole words in any case; between words a space or, in the name of a test, an underscore.
    my $words = join "|", map { s/ /[ _]/gr } (
      "who", "whom", "whoever", "nobody", "somebody", "anybody",
      "for ever", "(?:is|are|was|were|be) told", "says", "wants", "give[sn]? way", "gave way",
      "strangers?", "given up", "gives? up", "abandon(?:s|ed)?", "what waits", "in vain", "there is a word", "octets?",
    );
    my ($found, $test) = (0, 0);
    while (<>) {
      chomp(my $line = $_);
      my $text = $line =~ s/"octet"//gr;
      $text =~ s/`[^`]*`//g if $ARGV =~ /\.md$/;
      if ($ARGV =~ /\.rs$/) {
        my ($comment) = $text =~ m{(//.*)};
        (my $code = $text) =~ s{//.*}{};
        my @texts = $code =~ /"((?:[^"\\]|\\.)*)"/g;
        my $name = $test && $code =~ /\bfn (\w+)/ ? $1 : "";
        $test = 1 if $code =~ /^\s*#\[(?:\w+::)?test\]/;
        $test = 0 if $code =~ /\bfn /;
        $text = join " ", $comment // "", $name, @texts;
      }
      $text =~ s{\d*\bOCTET\b|\dOCTET\b}{}g;
      while ($text =~ /(?<![a-zA-Z])($words)(?![a-zA-Z])/ig) {
        print "$ARGV:$.: $1: ", $line =~ s/^\s+//r, "\n";
        $found++;
      }
      if (eof) { close ARGV; $test = 0 }
    }
    print "$found words to replace\n" if $found;
    exit($found > 0);
  '
