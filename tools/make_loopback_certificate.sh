#!/bin/sh
# Make the certificate with its key that tests of downloads use on the loopback address: sh tools/make_loopback_certificate.sh
set -e
target="$(cd "$(dirname "$0")/.." && pwd)/tests/datasets/loopback.pem"
work="$(mktemp -d)"
trap 'rm -r "$work"' EXIT
cd "$work"
openssl ecparam -name prime256v1 -genkey -noout | openssl pkcs8 -topk8 -nocrypt -out key.pem
openssl req -new -key key.pem -subj /CN=loopback -out request.pem
touch index.txt
cat > ca.cnf <<'END'
[ca]
default_ca = here
[here]
database = index.txt
new_certs_dir = .
rand_serial = yes
default_md = sha256
policy = any
x509_extensions = address
[any]
commonName = supplied
[address]
subjectAltName = IP:127.0.0.1
basicConstraints = critical, CA:true
END
# From a day long past on, so that no machine's clock is before it.
openssl ca -batch -selfsign -config ca.cnf -keyfile key.pem -in request.pem -out certificate.pem -notext \
  -startdate 20200101000000Z -enddate 21191231000000Z
cat key.pem certificate.pem > "$target"
