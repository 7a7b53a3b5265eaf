'use strict';

/* A label that is a real, tiny file of the wanted kind. */

function pdf(text) {
  const safe = text.replace(/[^ -~]/g, '?').replace(/([\\()])/g, '\\$1');
  const content = `BT /F1 14 Tf 20 400 Td (${safe}) Tj ET`;
  const objects = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 288 432] /Contents 4 0 R ' +
      '/Resources << /Font << /F1 5 0 R >> >> >>',
    `<< /Length ${content.length} >>\nstream\n${content}\nendstream`,
    '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>',
  ];
  let file = '%PDF-1.4\n';
  const offsets = objects.map((object, index) => {
    const offset = file.length;
    file += `${index + 1} 0 obj\n${object}\nendobj\n`;
    return offset;
  });
  const start = file.length;
  const entries = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('');
  file += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${entries}`;
  file += `trailer\n<< /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${start}\n%%EOF\n`;
  return Buffer.from(file, 'latin1');
}

/* One white pixel. */
const PNG = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGP4DwABAQEA' +
  'G7buVgAAAABJRU5ErkJggg==', 'base64');

/* { type, extension, bytes } for a label_file_type; a PDF may be made as large as wanted. */
function label(file_type, text, least_bytes = 0) {
  if (file_type.startsWith('ZPL')) {
    return { type: 'text/plain', extension: 'zpl', bytes: Buffer.from(`^XA^FO20,20^FD${text}^FS^XZ\n`) };
  }
  if (file_type.startsWith('PNG')) return { type: 'image/png', extension: 'png', bytes: PNG };
  const bytes = pdf(text);
  const more = Buffer.alloc(Math.max(0, least_bytes - bytes.length), '%');
  return { type: 'application/pdf', extension: 'pdf', bytes: Buffer.concat([bytes, more]) };
}

module.exports = { label };
