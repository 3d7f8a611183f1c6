#!/usr/bin/perl
# Mail::SRS in this process, its clock replaced: the module asks nothing but time().
# Addresses are handed over as octets, as a mail server would.
use strict;
use warnings;

my $now;
BEGIN { *CORE::GLOBAL::time = sub () { $now } }

use lib '/opt/peers/usr/share/perl5';
use Mail::SRS;

my %operations = (
    'srs-forward'        => sub { forward(0, @_) },
    'srs-forward-always' => sub { forward(1, @_) },
    'srs-reverse'        => \&reverse_address,
);

sub secrets { [map { pack 'H*', $_ } split /,/, $_[0], -1] }

sub forward {
    my ($always, $secrets, $domain, $separator, $length, $address) = @_;
    my $srs = Mail::SRS->new(
        Secret        => secrets($secrets),
        HashLength    => $length,
        Separator     => $separator,
        AlwaysRewrite => $always,
    );
    return $srs->forward($address, $domain);
}

sub reverse_address {
    my ($secrets, $length, $minimum, $max_age, $address) = @_;
    my $srs = Mail::SRS->new(
        Secret     => secrets($secrets),
        HashLength => $length,
        HashMin    => $minimum,
        MaxAge     => $max_age,
    );
    return $srs->reverse($address);
}

sub answer {
    my ($op, @arguments) = @_;
    return "no\tbad request" unless defined $op;
    my $operation = $operations{$op} or return "no\tunsupported: $op";
    local $SIG{__WARN__} = sub { };
    my $result = eval { $operation->(@arguments) };
    if (defined $result) {
        return $result =~ /[\t\r\n\0]/ ? "no\tthe result holds a control character" : "ok\t$result";
    }
    my $reason = $@;
    $reason =~ s/ at \S+ line \d+(?:, <STDIN> line \d+)?\.//g;
    return "no\t" . join ' ', split ' ', $reason;
}

binmode STDIN;
binmode STDOUT;
while (my $line = <STDIN>) {
    chomp $line;
    ($now, my @request) = split /\t/, $line, -1;
    print answer(@request), "\n";
}
