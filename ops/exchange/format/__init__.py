"""The form of a package: manifest and signature, archive, GeoPackage, and their verification."""
