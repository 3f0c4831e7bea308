/** The CAs whose certificates make a caller of the HTTPS API an admin: all certificates in a folder (kuma-api 1.3). */
import { X509Certificate } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CodedError, messageOf } from '#base/errors.ts'

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g

/** PEM, one each. Throws `settings.invalid` with the file, also for a folder that would let nobody in. */
export async function readClientCas(dir: string): Promise<readonly string[]> {
  const names = await readdir(dir).catch((error: unknown) => {
    throw invalid(`cannot be read: ${messageOf(error)}`, error)
  })
  const cas: string[] = []
  for (const name of names.filter(one => /\.(pem|crt|cer)$/i.test(one)).sort()) {
    const text = await readFile(join(dir, name), 'utf8')
    const found = text.match(CERTIFICATE) ?? []
    if (found.length === 0) throw invalid(`${name} holds no certificate in PEM`)
    for (const pem of found) {
      const certificate = parsed(pem, name)
      if (!certificate.ca) throw invalid(`${name} holds the certificate of no CA (${certificate.subject})`)
      cas.push(pem)
    }
  }
  if (cas.length === 0) throw invalid('has no *.pem, *.crt or *.cer file')
  return cas
}

function parsed(pem: string, name: string): X509Certificate {
  try {
    return new X509Certificate(pem)
  } catch (error) {
    throw invalid(`${name} holds a certificate that cannot be read: ${messageOf(error)}`, error)
  }
}

function invalid(what: string, cause?: unknown): CodedError {
  return new CodedError('settings.invalid', `apiServer.auth.clientCertsDir ${what}`, {
    cause,
    details: { permanent: true },
  })
}
