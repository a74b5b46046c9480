"""The local time of a place, from the IANA time zone database."""

import difflib
import re
import unicodedata
from datetime import datetime
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

MAX_PLACE_CHARACTERS = 100

# Large cities that are not the name of a zone.
OTHER_CITIES = {
    "Africa/Cairo": "Alexandria, Giza",
    "Africa/Johannesburg": "Cape Town, Durban, Pretoria, Soweto",
    "Africa/Lagos": "Abuja, Ibadan, Kano, Port Harcourt",
    "America/Argentina/Buenos_Aires": "La Plata, Rosario",
    "America/Bogota": "Barranquilla, Cali, Cartagena, Medellin",
    "America/Chicago": "Austin, Dallas, Houston, Kansas City, Memphis, Milwaukee, Minneapolis, Nashville, New Orleans, San Antonio",
    "America/Denver": "Albuquerque, Colorado Springs, Salt Lake City",
    "America/Edmonton": "Calgary",
    "America/Los_Angeles": "Las Vegas, Oakland, Portland, Sacramento, San Diego, San Francisco, Seattle",
    "America/Mexico_City": "Guadalajara, Puebla",
    "America/New_York": "Atlanta, Baltimore, Boston, Charlotte, Cleveland, Miami, New York City, Philadelphia, Pittsburgh, Washington, Washington DC",
    "America/Sao_Paulo": "Belo Horizonte, Brasilia, Curitiba, Porto Alegre, Rio de Janeiro",
    "America/Toronto": "Ottawa, Quebec City",
    "Asia/Dubai": "Abu Dhabi, Sharjah",
    "Asia/Ho_Chi_Minh": "Da Nang, Hanoi",
    "Asia/Jakarta": "Bandung, Surabaya",
    "Asia/Jerusalem": "Haifa",
    "Asia/Karachi": "Faisalabad, Islamabad, Lahore, Rawalpindi",
    "Asia/Kolkata": "Ahmedabad, Bangalore, Bengaluru, Chennai, Delhi, Hyderabad, Jaipur, Mumbai, New Delhi, Pune, Surat",
    "Asia/Riyadh": "Jeddah, Mecca, Medina",
    "Asia/Seoul": "Busan, Daegu, Incheon",
    "Asia/Shanghai": "Beijing, Chengdu, Dongguan, Guangzhou, Hangzhou, Nanjing, Shenzhen, Tianjin, Wuhan, Xian",
    "Asia/Tokyo": "Fukuoka, Hiroshima, Kobe, Kyoto, Nagoya, Osaka, Sapporo, Yokohama",
    "Asia/Yangon": "Mandalay",
    "Australia/Sydney": "Newcastle",
    "Europe/Amsterdam": "Rotterdam, The Hague, Utrecht",
    "Europe/Berlin": "Bonn, Cologne, Dresden, Düsseldorf, Frankfurt, Hamburg, Leipzig, Munich, Stuttgart",
    "Europe/Brussels": "Antwerp, Ghent",
    "Europe/Istanbul": "Ankara, Izmir",
    "Europe/Kyiv": "Kharkiv, Lviv, Odesa",
    "Europe/Lisbon": "Porto",
    "Europe/London": "Birmingham, Bristol, Cardiff, Edinburgh, Glasgow, Leeds, Liverpool, Manchester",
    "Europe/Madrid": "Barcelona, Seville, Valencia, Zaragoza",
    "Europe/Moscow": "Saint Petersburg, St Petersburg",
    "Europe/Paris": "Bordeaux, Lille, Lyon, Marseille, Nice, Strasbourg, Toulouse",
    "Europe/Rome": "Bologna, Florence, Genoa, Milan, Naples, Palermo, Turin, Venice",
    "Europe/Stockholm": "Gothenburg, Malmö",
    "Europe/Warsaw": "Gdansk, Krakow, Lodz, Poznan, Wroclaw",
    "Europe/Zurich": "Basel, Bern, Geneva, Lausanne",
    "Pacific/Auckland": "Christchurch, Wellington",
}
