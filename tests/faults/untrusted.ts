/**
 * A self-signed certificate and its key, for a server that clients must reject. The key protects nothing.
 *
 *     openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 36500 -subj /CN=127.0.0.1 \
 *       -addext subjectAltName=IP:127.0.0.1 -addext basicConstraints=critical,CA:FALSE
 *
 * @module
 */
export const UNTRUSTED = {
  cert: `-----BEGIN CERTIFICATE-----
MIIBjjCCATOgAwIBAgIURnkCDhXJS674GNXSM2ANwbC33HQwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJMTI3LjAuMC4xMCAXDTI2MTEyNzA0MDU1N1oYDzIxMjYxMTAz
MDQwNTU3WjAUMRIwEAYDVQQDDAkxMjcuMC4wLjEwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAASR9Kqpo8n+M+DpTEKOHO22F/R4b+rSm11Sl9iVj47VPy6mjOyvge3r
NOEXTC13c3tI88kJC2wOghfRDR2ziOgBo2EwXzAdBgNVHQ4EFgQURmha1x/m+M07
39VhY/PUGb90V3IwHwYDVR0jBBgwFoAURmha1x/m+M0739VhY/PUGb90V3IwDwYD
VR0RBAgwBocEfwAAATAMBgNVHRMBAf8EAjAAMAoGCCqGSM49BAMCA0kAMEYCIQDy
ixJiruy6uyGGApCuKHyRCoFO4e/QyGtjb/bsM1HhFAIhAK0NJh4/C3P+o+t48ab5
qb92AigQ4qS8TcPeAeA24E5e
-----END CERTIFICATE-----`,
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgCfX3/aK55F3pNlNk
cHgfuHwJH9MrQT50/VaBd9pglWqhRANCAASR9Kqpo8n+M+DpTEKOHO22F/R4b+rS
m11Sl9iVj47VPy6mjOyvge3rNOEXTC13c3tI88kJC2wOghfRDR2ziOgB
-----END PRIVATE KEY-----`,
} as const;
